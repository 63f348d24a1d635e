package org.hearth.server.servers.room.state;

import java.io.ByteArrayOutputStream;
import java.util.function.IntToLongFunction;

/// The bytes of one stored row of a state.
///
/// | field | meaning |
/// |---|---|
/// | varint | number of entries |
/// | per entry, by ascending key: varint | key number minus the previous entry's (of the first: the key number) |
/// | varint, zigzag | event position minus the previous entry's (of the first: the position) |
///
/// A varint has seven bits a byte, lowest first; the top bit says that more follow.
final class StatePacking {
  private StatePacking() {}

  /// Takes the entries as they are read.
  public interface Sink {
    void entry(int key, long position);
  }

  static byte[] pack(int[] keys, IntToLongFunction positionOf) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(4 + 6 * keys.length);
    write(out, keys.length);
    int previousKey = 0;
    long previousPosition = 0;
    for (int key : keys) {
      long position = positionOf.applyAsLong(key);
      write(out, key - previousKey);
      long difference = position - previousPosition;
      write(out, (difference << 1) ^ (difference >> 63));
      previousKey = key;
      previousPosition = position;
    }
    return out.toByteArray();
  }

  /// Reads the entries of a row.
  ///
  /// @return the key numbers, ascending
  /// @throws IllegalArgumentException if the bytes are not a row
  static int[] unpack(byte[] packed, Sink sink) {
    Cursor cursor = new Cursor(packed);
    int[] keys = new int[Math.toIntExact(cursor.next())];
    int key = 0;
    long position = 0;
    for (int i = 0; i < keys.length; i++) {
      key = Math.addExact(key, Math.toIntExact(cursor.next()));
      long difference = cursor.next();
      position += (difference >>> 1) ^ -(difference & 1);
      keys[i] = key;
      sink.entry(key, position);
    }
    cursor.end();
    return keys;
  }

  private static void write(ByteArrayOutputStream out, long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      out.write((int) (rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    out.write((int) rest);
  }

  private static final class Cursor {
    private final byte[] bytes;
    private int index;

    Cursor(byte[] bytes) {
      this.bytes = bytes;
    }

    long next() {
      long value = 0;
      for (int shift = 0; shift < Long.SIZE; shift += 7) {
        if (index == bytes.length) {
          throw new IllegalArgumentException("a row of state ends early, at byte " + index);
        }
        byte each = bytes[index++];
        value |= (each & 0x7FL) << shift;
        if (each >= 0) {
          return value;
        }
      }
      throw new IllegalArgumentException(
          "a number in a row of state is too long, at byte " + index);
    }

    void end() {
      if (index != bytes.length) {
        throw new IllegalArgumentException(
            "a row of state has " + bytes.length + " bytes, of which " + index + " were expected");
      }
    }
  }
}
