/** Writes zip files, honest ones and such as lie about what they hold. */
import {deflateRawSync} from 'node:zlib';

/**
 * @param {{name: string, bytes: Uint8Array, claimedSize?: number}[]} entries deflated; their sizes
 *     are told as they are, or as `claimedSize`
 */
export function zip(entries) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const {name, bytes, claimedSize = bytes.length} of entries) {
    const packed = deflateRawSync(bytes);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0); // version that can read it
    fields.writeUInt16LE(8, 4); // deflated
    fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(claimedSize, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14); // no comment, first disk, no attributes
    rest.writeUInt32LE(offset, 10);
    const central = [Buffer.from('PK\x01\x02\x14\x00'), fields, rest, Buffer.from(name)];
    directory.push(Buffer.concat(central));
    parts.push(local);
    offset += local.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...parts, listing, end]));
}

const TABLE = Uint32Array.from({length: 256}, (_, i) => {
  let c = i;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 255];
  return ~crc >>> 0;
}
