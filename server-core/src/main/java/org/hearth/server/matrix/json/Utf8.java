package org.hearth.server.matrix.json;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// What has to be known of UTF-8 beyond what the JDK tells.
public final class Utf8 {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
  private static final long HIGH_BITS = 0x8080808080808080L;

  private Utf8() {}

  /// The number of bytes the text takes in UTF-8; an unpaired surrogate counts as three.
  public static int length(String text) {
    int bytes = 0;
    for (int i = 0; i < text.length(); i++) {
      char each = text.charAt(i);
      if (each < 0x80) {
        bytes++;
      } else if (each < 0x800) {
        bytes += 2;
      } else if (Character.isHighSurrogate(each)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        bytes += 4;
        i++;
      } else {
        bytes += 3;
      }
    }
    return bytes;
  }

  /// True if a surrogate stands alone, so that the text has no UTF-8.
  public static boolean hasUnpairedSurrogate(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        boolean paired =
            Character.isHighSurrogate(text.charAt(i))
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (!paired) {
          return true;
        }
        i++;
      }
    }
    return false;
  }

  /// The offset of the first byte that does not belong to well-formed UTF-8 (Unicode table 3-7: no
  /// overlong forms, no surrogates, nothing beyond U+10FFFF), or -1 if all do.
  static int firstMalformed(byte[] bytes) {
    int i = 0;
    int end = bytes.length;
    while (i < end) {
      if (bytes[i] >= 0) {
        if (i + Long.BYTES <= end && ((long) LONGS.get(bytes, i) & HIGH_BITS) == 0) {
          i += Long.BYTES;
        } else {
          i++;
        }
        continue;
      }
      int length = sequenceLength(bytes, i, end);
      if (length == 0) {
        return i;
      }
      i += length;
    }
    return -1;
  }

  /// The length of the well-formed sequence of two to four bytes at that place, or 0.
  private static int sequenceLength(byte[] bytes, int at, int end) {
    int first = bytes[at] & 0xFF;
    int second = at + 1 < end ? bytes[at + 1] & 0xFF : 0;
    if (first >= 0xC2 && first <= 0xDF) {
      return isContinuation(second) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
      int least = first == 0xE0 ? 0xA0 : 0x80;
      int most = first == 0xED ? 0x9F : 0xBF;
      boolean valid =
          second >= least && second <= most && at + 2 < end && isContinuation(bytes[at + 2] & 0xFF);
      return valid ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
      int least = first == 0xF0 ? 0x90 : 0x80;
      int most = first == 0xF4 ? 0x8F : 0xBF;
      boolean valid =
          second >= least
              && second <= most
              && at + 3 < end
              && isContinuation(bytes[at + 2] & 0xFF)
              && isContinuation(bytes[at + 3] & 0xFF);
      return valid ? 4 : 0;
    }
    return 0;
  }

  private static boolean isContinuation(int value) {
    return (value & 0xC0) == 0x80;
  }
}
