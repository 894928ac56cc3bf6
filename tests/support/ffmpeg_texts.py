"""What ffmpeg prints about a file that has everything."""

from __future__ import annotations

DESCRIPTION = """Input #0, mov,mp4,m4a,3gp,3g2,mj2, from '':
  Metadata:
    title           : a
                    :   Stream #0:7: Audio: aac (default)
  Duration: 01:00:02.50, start: 0.000000, bitrate: 39 kb/s
  Stream #0:0[0x1]: Video: mjpeg (Baseline), yuvj444p(pc, bt470bg/unknown/unknown), 480x480, 90k tbr (attached pic)
  Stream #0:1[0x2](und): Video: hevc (Main 10) (hvc1 / 0x31637668), yuv420p10le(tv, bt2020nc/bt2020/arib-std-b67), \
1920x1080 [SAR 1:1 DAR 16:9], 22 kb/s, 30 fps, 30 tbr, 600 tbn (default)
      Side data:
        DOVI configuration record: version: 1.0, profile: 8, level: 4, rl flag: 1, compatibility id: 4
  Stream #0:2[0x3](und): Audio: none (apac / 0x63617061), 48000 Hz, 4.0, 390 kb/s (default)
  Stream #0:3[0x4](eng): Audio: aac (LC), 44100 Hz, mono, fltp (default) (comment)
  Stream #0:4[0x5](eng): Audio: aac (LC), 44100 Hz, 5.1, fltp
  Stream #0:5[0x6](und): Audio: aac (LC), 44100 Hz, mono, fltp (default)
Stream mapping:
  Stream #0:9: Audio: aac (default)
"""
