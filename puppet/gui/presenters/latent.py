"""The live actor's latent space: the group Latent space, and the page Explore."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from puppet.actor.runtime import Actor
from puppet.core.types import Floats, Latent
from puppet.engine.options import MorphInto
from puppet.engine.status import Status
from puppet.explore.bookmarks import Bookmarks
from puppet.explore.directions import offset
from puppet.gui.explorer.explorer import ExplorerWidget
from puppet.gui.kit.words import decimal, translate
from puppet.gui.live.latent_panel import NOBODY, LatentPanel
from puppet.gui.presenters.base import Presenter, WindowContext, reason_of

PAGE = "explore"  # key of the page
FACE, PARTNER, ATTRIBUTE = "face", "partner", "attribute "  # keys of chips
FIRST_SHARE = 0.5  # of a morph, so that a choice is seen at once


class LatentPresenter(Presenter):
    """Adds to the live latent, holds another one instead, and turns the actor into a partner.

    The explorer is made when its page is first shown. While its face is shown on the live actor, the live attributes
    are 0, since that face has its own; afterwards they are back.
    """

    def __init__(self, context: WindowContext) -> None:
        super().__init__(context)
        self.explorer: ExplorerWidget | None = None
        self.panel: LatentPanel = context.window.live.latent
        self._page = QWidget()
        self._page_layout = QVBoxLayout(self._page)
        self._page_layout.setContentsMargins(0, 0, 0, 0)
        self._actor: Actor | None = None
        self._names: dict[str, str] = {}  # of actors, by path
        self._amounts: dict[str, float] = {}
        self._own_amounts: dict[str, float] | None = None  # those of before, while the explorer's face is shown
        self._held: Latent | None = None
        self._partner: tuple[str, Actor] | None = None  # path and actor
        self._loading = NOBODY  # path of the partner that is loading
        self._over = False
        context.window.add_page(PAGE, translate("puppet", "Explore"), self._page)
        context.window.page_shown.connect(self._page_shown)
        context.window.actor.chosen.connect(lambda _: self._release())
        self.panel.freeze_changed.connect(self._freeze)
        self.panel.explore_wanted.connect(self._explore)
        self.panel.attribute_moved.connect(self._set_amount)
        self.panel.attributes_reset.connect(lambda: self._set_amounts({}))
        self.panel.partner_chosen.connect(self._choose_partner)
        self.panel.share_moved.connect(lambda _: self._send())
        context.window.pictures.chips.removed.connect(self._remove)

    def actors_listed(self, actors: dict[str, tuple[str, QIcon]]) -> None:
        self._names = {path: name for path, (name, _) in actors.items()}
        self._show_partners()

    def show_status(self, status: Status) -> None:
        """Follow the engine to another actor."""
        actor = self.context.engine.actor
        if actor is self._actor:
            return
        self._actor = actor
        self._amounts = {}
        self.panel.show_attributes([] if actor is None else list(actor.latents.directions))
        self._release()
        self._show_partners()
        self._follow()

    def shutdown(self) -> list[str]:
        self._over = True
        if self.explorer is not None:
            self.explorer.shutdown()
        return []

    # -- live ----------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        if self._over:
            return
        self.context.window.pictures.chips.show_chips({} if self._actor is None else self._acting())
        if self._actor is None:
            return
        partner = self._partner
        morph = MorphInto(partner[1], self.panel.share.value) if partner is not None else None
        self.context.partner = self._names.get(partner[0], partner[1].name) if partner is not None else ""
        self.context.edit_latent(self._offset(), self._held, morph)

    def _acting(self) -> dict[str, str]:
        """What acts beside the user's face, in words, by the key of its chip."""
        acting = {}
        if self._held is not None:
            shown = self._own_amounts is not None
            acting[FACE] = translate("puppet", "Explored face") if shown else translate("puppet", "Frozen face")
        for name, amount in self._amounts.items():
            acting[ATTRIBUTE + name] = f"{name.replace('_', ' ').capitalize()} {decimal(amount, signed=True)}"
        if self._partner is not None:
            name = self._names.get(self._partner[0], self._partner[1].name)
            share = round(100 * self.panel.share.value)
            acting[PARTNER] = translate("puppet", "Turned into {0}: {1} %").format(name, share)
        return acting

    def _remove(self, key: str) -> None:
        """Remove what a chip stands for."""
        if key == FACE:
            self._release()
        elif key == PARTNER:
            self._choose_partner(NOBODY)
        else:
            self._set_amount(key.removeprefix(ATTRIBUTE), 0.0)

    def _offset(self) -> Floats | None:
        return None if self._actor is None else offset(self._actor.latents, self._amounts)

    def _now(self) -> Floats | None:
        """The latent f32 (D,) that the actor shows now, attributes included; None when it shows none."""
        result, actor = self.context.result, self._actor
        latent = result.latent if result is not None else None
        fits = latent is not None and actor is not None and latent.values.shape == actor.latents.mean.shape
        return latent.values if latent is not None and fits else None

    def _set_amount(self, name: str, amount: float) -> None:
        self._set_amounts({**self._amounts, name: amount})

    def _set_amounts(self, amounts: dict[str, float]) -> None:
        self._amounts = {name: amount for name, amount in amounts.items() if amount}
        self.panel.attributes.show_amounts(self._amounts)
        self._send()

    def _freeze(self, on: bool) -> None:
        now = self._now()
        if not on or now is None:
            self._release()
            return
        added = self._offset()
        self._held = Latent(now if added is None else now - added)
        self._send()

    def _release(self) -> None:
        """Let the actor follow the face again."""
        explorer = self.explorer
        if explorer is not None and explorer.face.show_on_actor.isChecked():
            explorer.face.show_on_actor.setChecked(False)  # which calls this again, by `_show_instead`
            return
        self._held = None
        self.panel.frozen.setChecked(False)
        self._send()

    def _choose_partner(self, path: str) -> None:
        context = self.context
        context.window.banners.dismiss("partner")
        self._partner, self._loading = None, path
        if path != NOBODY:
            load = lambda: context.engine.load(Path(path))  # noqa: E731
            context.background.run("partner", load, self._partner_came, self._no_partner)
        self._show_partners()
        self._send()

    def _partner_came(self, actor: Actor) -> None:
        if self._loading != NOBODY:  # it is still wanted
            self._partner, self._loading = (self._loading, actor), NOBODY
            self.panel.share.set_value(FIRST_SHARE)
            self._show_partners()
            self._send()

    def _no_partner(self, problem: Exception) -> None:
        self._loading = NOBODY
        self.context.window.banners.say("partner", reason_of(problem), "error")
        self._show_partners()

    def _show_partners(self) -> None:
        """List all actors but the one that plays."""
        own = "" if self._actor is None else self._actor.name
        names = {path: name for path, name in self._names.items() if name != own}
        chosen = self._loading if self._partner is None else self._partner[0]
        if chosen not in names:
            self._partner, self._loading, chosen = None, NOBODY, NOBODY
            self._send()
        self.panel.show_partners(names, chosen)

    # -- the page Explore ----------------------------------------------------------------------------------------

    def _page_shown(self, page: str) -> None:
        if page == PAGE:
            self._follow()
            self._made().pane.setFocus()

    def _made(self) -> ExplorerWidget:
        if self.explorer is None:
            explorer = self.explorer = ExplorerWidget(
                None,
                Bookmarks(),
                lambda: self.context.settings.folder(),
                self.context.engine.load,
                lambda: self._names,
                lambda: self.context.settings.output.badge,
                parent=self._page,
                banners=self.context.window.banners,
            )
            explorer.pane.set_placeholder(translate("puppet", "No actor is playing"))
            explorer.set_live(True)
            explorer.live_wanted.connect(self._take_live)
            explorer.shown_live.connect(self._show_instead)
            explorer.quit_wanted.connect(lambda: self.context.window.show_page("live"))
            self._page_layout.addWidget(explorer)
        return self.explorer

    def _follow(self) -> None:
        """Explore the actor that plays, while the page is shown."""
        explorer, actor = self.explorer, self._actor
        if self.context.window.page == PAGE:
            explorer = self._made()
            if actor is not None and explorer.actor is not actor:
                explorer.set_actor(actor)

    def _explore(self) -> None:
        """Go on from the face as it is; if it was frozen, the explorer's face is shown on the live actor."""
        now, was_held = self._now(), self._held is not None
        if now is None:
            self.context.window.banners.say(
                "explore", translate("puppet", "There is no expression yet: no actor is playing."), "warning"
            )
            return
        self.context.window.show_page(PAGE)
        explorer = self._made()
        explorer.explore_from(Latent(now))
        if was_held:
            explorer.face.show_on_actor.setChecked(True)

    def _take_live(self) -> None:
        now = self._now()
        if self.explorer is not None and now is not None:
            self.explorer.explore_from(Latent(now))
        elif self.explorer is not None:
            self.explorer.banners.say(
                "live", translate("puppet", "There is no expression yet: no actor is playing."), "warning"
            )

    def _show_instead(self, latent: Latent | None) -> None:
        """Show the explorer's face on the live actor; None: let it follow the face again."""
        if latent is not None and self._own_amounts is None:
            self._own_amounts, self._amounts = self._amounts, {}
        elif latent is None and self._own_amounts is not None:
            self._amounts, self._own_amounts = self._own_amounts, None
        self._held = latent
        self.panel.attributes.show_amounts(self._amounts)
        self.panel.frozen.setChecked(self._held is not None)
        self._send()
