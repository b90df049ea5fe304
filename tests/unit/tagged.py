#!/usr/bin/python3
# Writes files with tags into the folder it is started in: with mutagen, in the shapes of Picard, beets,
# mp3tag, Traktor, Rekordbox, foobar2000 and iTunes, and byte by byte what mutagen would not write.
#
# Takes a.mp3, a.flac, a.ogg, a.opus, a.m4a, a.wav, a.aiff, a.wv, a.mka and a.png from there.
import base64
import shutil
import struct
import subprocess
import zlib

from mutagen.aiff import AIFF
from mutagen.apev2 import APEv2, APEBinaryValue
from mutagen.flac import FLAC, Picture
from mutagen.id3 import (APIC, COMM, GEOB, ID3, POPM, PRIV, TALB, TBPM, TCON, TDRC, TIPL, TIT2, TKEY, TMCL, TPE1,
    TPE2, TPOS, TPUB, TRCK, TSRC, TXXX, UFID, USLT)
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis
from mutagen.wave import WAVE

PNG = open('a.png', 'rb').read()
MBID = '11111111-2222-4333-8444-555555555555'


def copy(to):
    shutil.copy('a.' + to.rsplit('.', 1)[1], to)
    return to


def data(path):
    with open(path, 'rb') as f:
        return f.read()


def write(path, content):
    with open(path, 'wb') as f:
        f.write(content)


# A PNG that can be told from others by its last byte, which no reader looks at.
def picture(kind):
    return PNG + bytes([kind])


# --- MusicBrainz Picard and beets ---------------------------------------------------------

def picard_frames(encoding):
    return [TIT2(encoding, ['Träume']), TPE1(encoding, ['Alpha', 'Beta']), TPE2(encoding, ['Various']),
        TALB(encoding, ['日本 🎵']), TRCK(encoding, ['3/12']), TPOS(encoding, ['1/2']), TDRC(encoding, ['2004-05-01']),
        TCON(encoding, ['Rock', 'Synthpop']), TPUB(encoding, ['Label']), TSRC(encoding, ['DEA000000001']),
        TXXX(encoding, 'MusicBrainz Album Id', [MBID]), TXXX(encoding, 'ARTISTS', ['Alpha', 'Beta']),
        UFID('http://musicbrainz.org', MBID.encode()), UFID('http://shop.example', b'x'),
        TXXX(encoding, 'REPLAYGAIN_TRACK_GAIN', ['-7.25 dB']), COMM(encoding, 'eng', '', ['one\ntwo']),
        COMM(encoding, 'eng', 'iTunNORM', [' 00000BE5 00000BE5']), COMM(encoding, 'eng', 'iTunSMPB', [' 0 1 2']),
        USLT(encoding, 'eng', '', 'la\r\nla')]


def picard(path, version, encoding):
    tags = ID3()
    for frame in picard_frames(encoding):
        tags.add(frame)
    if version == 4:
        tags.add(TIPL(encoding, [['producer', 'Paul'], ['x', 'y']]))
        tags.add(TMCL(encoding, [['guitar', 'Gus']]))
    for kind, description in ((1, 'icon'), (4, 'back'), (3, 'front'), (0, 'other')):
        tags.add(APIC(encoding, 'image/png', kind, description, picture(kind)))
    if version == 3:
        tags.update_to_v23()
    tags.save(copy(path), v2_version=version, v23_sep=None, v1=0)


picard('picard-24.mp3', 4, 3)
picard('picard-24-utf16.mp3', 4, 1)
picard('picard-24-utf16be.mp3', 4, 2)
picard('picard-23.mp3', 3, 1)


# --- FLAC, Vorbis, Opus --------------------------------------------------------------------

def many(tags):
    for i in range(45):
        tags.append(('X%d' % i, str(i)))
    tags.append(('title', 'Träume'))
    tags.append(('ARTIST', 'Alpha'))
    tags.append(('ALBUM ARTIST', 'Various'))
    tags.append(('Artist', 'Beta'))
    tags.append(('COMMENT', 'W?lfe'))
    tags.append(('REPLAYGAIN_TRACK_GAIN', '-7.25 dB'))
    tags.append(('R128_TRACK_GAIN', '256'))


def flac_picture(kind):
    p = Picture()
    p.type, p.mime, p.data = kind, 'image/png', picture(kind)
    return p


f = FLAC(copy('many.flac'))
many(f.tags)
for kind in (1, 0, 3, 4):
    f.add_picture(flac_picture(kind))
f.save()
content = data('many.flac')
write('many.flac', content.replace(b'W?lfe', b'W\xf6lfe'))
f = FLAC(copy('icon.flac'))
for kind in (1, 4):
    f.add_picture(flac_picture(kind))
f.save()
f = FLAC(copy('other.flac'))
for kind in (4, 1, 0):
    f.add_picture(flac_picture(kind))
f.save()
for path, kind in (('many.ogg', OggVorbis), ('many.opus', OggOpus)):
    f = kind(copy(path))
    many(f.tags)
    for number in (2, 3):
        f.tags.append(('METADATA_BLOCK_PICTURE', base64.b64encode(flac_picture(number).write()).decode()))
    f.save()
# comments of more than one page
f = OggVorbis(copy('long.ogg'))
f['LYRICS'] = 'la ' * 60000
f['TITLE'] = 'behind'
f.save()
# an ID3v2 tag in front of FLAC: its own comments count
f = FLAC(copy('id3.flac'))
f['TITLE'] = 'Own'
f.save()
tags = ID3()
tags.add(TIT2(3, ['Other']))
tags.add(TALB(3, ['Album']))
tags.save('id3.tag', v1=0)
write('id3.flac', data('id3.tag') + data('id3.flac'))

# --- MP4: Picard, iTunes ---------------------------------------------------------------------

f = MP4(copy('picard.m4a'))
f['\xa9nam'] = ['Träume']
f['\xa9ART'] = ['Alpha', 'Beta']
f['aART'] = ['Various']
f['\xa9cmt'] = ['one\ntwo']
f['trkn'] = [(3, 12)]
f['disk'] = [(1, 0)]
f['tmpo'] = [128]
f['cpil'] = True
f['----:com.apple.iTunes:MusicBrainz Album Id'] = [MBID.encode()]
f['----:com.apple.iTunes:ARTISTS'] = [b'Alpha', b'Beta']
f['----:com.apple.iTunes:iTunNORM'] = [b' 00000BE5']
f['----:com.apple.iTunes:iTunSMPB'] = [b' 0 0 0']
f['----:com.apple.iTunes:replaygain_track_gain'] = [MP4FreeForm(b'-7.25 dB')]
f['covr'] = [MP4Cover(picture(3), MP4Cover.FORMAT_PNG)]
f.save()

# --- foobar2000, mp3gain, mp3tag ------------------------------------------------------------------

V1 = b'TAG' + b'Title of v1'.ljust(30, b'\0') + b'W\xf6lfe'.ljust(30, b'\0') + b'Album of v1'.ljust(30, b'\0') \
    + b'1999' + b'\x93Quoted\x94'.ljust(28, b'\0') + b'\0\7' + bytes([17])


def ape(path):
    tags = APEv2()
    tags['Title'] = 'Title of APE'
    tags['Artist'] = ['Alpha', 'Beta']
    tags['Year'] = '2004'
    tags['Track'] = '3/12'
    tags['MUSICBRAINZ_ALBUMID'] = MBID
    tags['REPLAYGAIN_TRACK_GAIN'] = '-7.25 dB'
    tags['MP3GAIN_MINMAX'] = '089,210'
    tags['Cover Art (Back)'] = APEBinaryValue(b'back.png\0' + picture(4))
    tags['Cover Art (Front)'] = APEBinaryValue(b'front.png\0' + picture(3))
    tags.save(path)


write('v1.mp3', data('a.mp3') + V1)
ape(copy('ape.mp3'))
write('ape-v1.mp3', data('ape.mp3') + V1)
lyrics = b'LYRICSBEGINLYR00002la'
write('ape-lyrics-v1.mp3', data('ape.mp3') + lyrics + b'%06dLYRICS200' % len(lyrics) + V1)
tags = ID3()
tags.add(TIT2(3, ['Title of v2']))
tags.save('v2.tag', v1=0)
write('all.mp3', data('v2.tag') + data('ape-v1.mp3'))
ape(copy('ape.wv'))

# --- Traktor, Rekordbox, Serato ---------------------------------------------------------------------

tags = ID3()
for frame in (TIT2(1, ['Träume']), TPE1(1, ['Alpha']), TKEY(0, ['8A']), TBPM(0, ['128.00']),
        PRIV('TRAKTOR4', bytes(range(256)) * 200), POPM('traktor@native-instruments.de', 255, 3),
        GEOB(0, 'application/octet-stream', '', 'Serato Markers2', b'TIT2\0\0\0\5\0\0\0fake' * 100),
        TXXX(3, 'CATALOGNUMBER', ['CAT 1'])):
    tags.add(frame)
tags.save(copy('traktor.mp3'), v2_version=4, v1=0)
tags.save('dj.tag', v2_version=3, v1=0)
for path, kind in (('dj.aiff', AIFF), ('dj.wav', WAVE)):
    f = kind(copy(path))
    f.add_tags()
    for frame in picard_frames(1):
        f.tags.add(frame)
    f.save()

# --- RIFF INFO as Windows writes it ---------------------------------------------------------------------

info = b'INFO' + b'IART' + struct.pack('<I', 6) + b'W\xf6lfe\0' + b'INAM' + struct.pack('<I', 6) + b'A\r\nB\0\0'
wav = data('a.wav')
at = wav.index(b'data')
wav = wav[:at] + b'LIST' + struct.pack('<I', len(info)) + info + wav[at:]
write('info.wav', wav[:4] + struct.pack('<I', len(wav) - 8) + wav[8:])


# --- ID3v2 byte by byte -----------------------------------------------------------------------------------

def safe(n):
    return bytes([n >> 21 & 127, n >> 14 & 127, n >> 7 & 127, n & 127])


def frame2(name, body):
    return name + len(body).to_bytes(3, 'big') + body


def frame3(name, body, flags=0, size=None):
    return name + struct.pack('>I', len(body) if size is None else size) + bytes([0, flags]) + body


def frame4(name, body, flags=0):
    return name + safe(len(body)) + bytes([0, flags]) + body


def tag(version, body, flags=0):
    return b'ID3' + bytes([version, 0, flags]) + safe(len(body)) + body


def unsync(body):
    out = bytearray()
    for i, b in enumerate(body):
        out.append(b)
        if b == 255 and (i + 1 == len(body) or body[i + 1] >= 0xe0 or body[i + 1] == 0):
            out.append(0)
    return bytes(out)


def mp3(path, head, tail=b''):
    write(path, head + data('a.mp3') + tail)


title = b'\3Tr\xc3\xa4ume'
utf16 = b'\1' + 'Träume'.encode('utf-16')
apic = b'\0image/png\0\3\0' + picture(3)
padding = bytes(50)

mp3('v22.mp3', tag(2, frame2(b'TT2', utf16) + frame2(b'TP1', b'\0W\xf6lfe') + frame2(b'TCO', b'\0(17)')
    + frame2(b'PIC', b'\0PNG\3\0' + picture(3)) + frame2(b'TXX', b'\0A\0B') + padding))
mp3('unsync-v3.mp3', tag(3, unsync(frame3(b'TIT2', utf16) + frame3(b'APIC', apic + b'\xff\xe0\xff\0\xff')), 0x80))
mp3('unsync-v4.mp3', tag(4, frame4(b'TIT2', unsync(utf16), 2) + frame4(b'APIC', safe(len(apic) + 2) +
    unsync(apic + b'\xff\xe0'), 3), 0x80))
mp3('unsync-tag-v4.mp3', tag(4, frame4(b'TIT2', unsync(utf16)), 0x80))
mp3('extended-v3.mp3', tag(3, struct.pack('>IHI', 6, 0, 50) + frame3(b'TIT2', title) + padding, 0x40))
mp3('extended-v4.mp3', tag(4, safe(12) + b'\1\x20\5\1\2\3\4\5' + frame4(b'TIT2', title), 0x40))
mp3('footer.mp3', b'', tag(4, frame4(b'TIT2', title), 0x10) + b'3DI' + tag(4, frame4(b'TIT2', title), 0x10)[3:10] + V1)
packed = zlib.compress(title + bytes(500))
mp3('packed-v3.mp3', tag(3, frame3(b'TIT2', struct.pack('>I', 508) + packed, 0x80)))
mp3('packed-v4.mp3', tag(4, frame4(b'TIT2', safe(508) + packed, 9)))
mp3('grouped.mp3', tag(4, frame4(b'TIT2', b'g' + title, 0x40) + frame4(b'TPE1', b'e' * 20, 4)))
mp3('bomb.mp3', tag(4, frame4(b'TXXX', safe(1 << 27) + zlib.compress(bytes(1 << 20)), 9) + frame4(b'TIT2', title)))
mp3('odd-size.mp3', tag(3, frame3(b'TPE1', b'\3Alpha') + frame3(b'TXXX', b'\3A\0B', size=1 << 29)
    + frame3(b'TIT2', title)))
mp3('odd-id.mp3', tag(3, frame3(b'TPE1', b'\3Alpha') + frame3(b'ab\x80\xff', b'12345') + frame3(b'TIT2', title)))
mp3('odd-empty.mp3', tag(3, frame3(b'TPE1', b'') + frame3(b'TALB', b'\3') + frame3(b'TIT2', title)))
mp3('odd-cut.mp3', tag(3, frame3(b'TIT2', title) + frame3(b'TPE1', b'\3Alpha')[:-3]))
mp3('plain-v4.mp3', tag(4, frame3(b'TXXX', b'\3LONG\0' + b'x' + bytes(200)) + frame3(b'TIT2', title)))
mp3('short-v3.mp3', tag(3, frame3(b'TT2\0', title) + frame3(b'TP1 ', b'\3Alpha')))
mp3('two.mp3', tag(3, frame3(b'TIT2', title)) + tag(4, frame4(b'TIT2', b'\3Other') + frame4(b'TALB', b'\3Album')))
mp3('genres.mp3', tag(3, frame3(b'TCON', b'\0(4)(17)Eurodisco')))
mp3('no-mark.mp3', tag(3, frame3(b'TIT2', b'\1' + 'Träume'.encode('utf-16-le'))))
mp3('utf8-as-latin1.mp3', tag(3, frame3(b'TIT2', b'\0' + 'Träume'.encode()) + frame3(b'TPE1', b'\0\x84W\xf6lfe\x93')))
mp3('day.mp3', tag(3, frame3(b'TYER', b'\0' b'2004') + frame3(b'TDAT', b'\1' + '0105'.encode('utf-16'))))


# --- Matroska, by mkvtoolnix ------------------------------------------------------------------------------

def simple(name, text):
    return '<Simple><Name>%s</Name><String>%s</String></Simple>' % (name, text)


def level(number, *simples):
    return '<Tag><Targets><TargetTypeValue>%d</TargetTypeValue></Targets>%s</Tag>' % (number, ''.join(simples))


def mka(path, tags, *pictures):
    with open('tags.xml', 'w', encoding='utf-8') as f:
        f.write('<?xml version="1.0" encoding="UTF-8"?><Tags>%s</Tags>' % tags)
    attach = [word for picture in pictures for word in ('--add-attachment', picture)]
    subprocess.run(['mkvpropedit', '-q', copy(path), '--tags', 'all:tags.xml'] + attach, check=True)


write('cover.png', picture(3))
write('small_cover.png', picture(1))
album = level(50, simple('TITLE', 'The Album'), simple('ARTIST', 'Various'), simple('TOTAL_PARTS', 12),
    simple('DATE_RELEASED', 2004))
mka('levels.mka', level(30, simple('TITLE', 'Träume'), simple('ARTIST', 'Alpha'), simple('ARTIST', 'Beta'),
    simple('PART_NUMBER', 3)) + album, 'small_cover.png', 'cover.png')
mka('film.mka', album)
