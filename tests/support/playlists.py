"""Texts that players take for a way to another file."""

from __future__ import annotations

from pathlib import Path


def leading_to(path: Path) -> dict[str, bytes]:
    """Texts that players take for a way to another file, by kind."""
    hls = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{path.name}\n#EXT-X-ENDLIST\n"
    dash = (
        '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" '
        'profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static" mediaPresentationDuration="PT1S"><Period>'
        f'<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{path.name}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>"
    )
    sdp = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 26\n"
    texts = {
        "ffconcat": f"ffconcat version 1.0\nfile {path.name}\n",
        "hls": hls,
        "hls with a mark": "\ufeff" + hls,
        "dash": dash,
        "sdp": sdp,
        "sdp in a JPEG": f"\xff\xd8\xff\n{sdp}",
        "sdp in a transport stream": "".join(f"G{'x' * 186}\n" for _ in range(5)) + sdp,
        "sdp in a frame": f"DHAV\n{sdp}",
        "pls": f"[playlist]\nFile1={path}\n",
        "asx": f'<asx version="3.0"><entry><ref href="{path}"/></entry></asx>',
        "concat": f"concat:{path}|{path}",
        "address": f"file://{path}\n",
        "reference": f"[Reference]\nRef1={path}\n",
        "smil": f'<?xml version="1.0"?><smil><body><video src="{path}"/></body></smil>',
    }
    return {name: text.encode("latin-1" if "JPEG" in name else "utf-8") for name, text in texts.items()}
