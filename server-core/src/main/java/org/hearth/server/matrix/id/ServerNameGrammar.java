package org.hearth.server.matrix.id;

import org.jspecify.annotations.Nullable;

/// The grammar of server names, looked at in place so that an identifier's domain needs no copy.
final class ServerNameGrammar {
  private static final int MAX_DNS_NAME = 255;
  private static final int MAX_IPV6_CHARACTERS = 45;
  private static final int MAX_PORT_DIGITS = 5;
  private static final int MAX_PORT = 65_535;
  private static final int IPV6_GROUPS = 8;

  private ServerNameGrammar() {}

  /// What is wrong with the server name that begins at `start` and ends with the text, or null.
  static @Nullable String fault(String text, int start) {
    // server_name = hostname [ ":" port ]
    // hostname    = IPv4address / "[" IPv6address "]" / dns-name
    int end;
    if (start < text.length() && text.charAt(start) == '[') {
      int close = text.indexOf(']', start);
      if (close < 0) {
        return "has an IPv6 address without ']'";
      }
      if (!isIpv6(text, start + 1, close)) {
        return "has an invalid IPv6 address";
      }
      end = close + 1;
    } else {
      end = start;
      int dots = 0;
      boolean numeric = true;
      for (; end < text.length() && text.charAt(end) != ':'; end++) {
        char each = text.charAt(end);
        // dns-char    = DIGIT / ALPHA / "-" / "."
        if (each == '.') {
          dots++;
        } else if (Grammar.isAsciiLetter(each) || each == '-') {
          numeric = false;
        } else if (!Grammar.isDigit(each)) {
          return "has a server name with a character that is not allowed";
        }
      }
      // dns-name    = 1*255dns-char
      if (end == start) {
        return "has an empty server name";
      }
      if (end - start > MAX_DNS_NAME) {
        return "has a server name longer than 255 characters";
      }
      // "IPv4 literals must be a sequence of four decimal numbers in the range 0 to 255"
      if (numeric && dots == 3 && !isIpv4(text, start, end)) {
        return "has a number over 255 in its IPv4 address";
      }
    }
    return end == text.length() ? null : portFault(text, end);
  }

  /// The index of the colon before the port of a valid server name, or -1 if it has no port.
  static int portColon(String name) {
    int colon = name.lastIndexOf(':');
    return colon > name.lastIndexOf(']') ? colon : -1;
  }

  private static @Nullable String portFault(String text, int colon) {
    // port        = 1*5DIGIT
    if (text.charAt(colon) != ':') {
      return "has something other than a port after the address";
    }
    int digits = text.length() - colon - 1;
    int port =
        digits >= 1 && digits <= MAX_PORT_DIGITS ? number(text, colon + 1, text.length()) : -1;
    return port < 0 || port > MAX_PORT ? "has no number up to 65535 as its port" : null;
  }

  /// `IPv4address = 1*3DIGIT "." 1*3DIGIT "." 1*3DIGIT "." 1*3DIGIT`, each at most 255.
  private static boolean isIpv4(String text, int start, int end) {
    int from = start;
    for (int part = 0; part < 4; part++) {
      int dot = part < 3 ? text.indexOf('.', from) : end;
      if (dot < 0 || dot > end || dot == from || dot - from > 3) {
        return false;
      }
      int value = number(text, from, dot);
      if (value < 0 || value > 255) {
        return false;
      }
      from = dot + 1;
    }
    return from == end + 1;
  }

  /// The decimal number in that range, of at most five digits, or -1 if a character is not a digit.
  private static int number(String text, int start, int end) {
    int value = 0;
    for (int i = start; i < end; i++) {
      if (!Grammar.isDigit(text.charAt(i))) {
        return -1;
      }
      value = value * 10 + (text.charAt(i) - '0');
    }
    return value;
  }

  /// "IPv6 literals must be as specified by RFC 3513, section 2.2": eight groups of up to four
  /// hexadecimal digits, one run of zero groups shortened to `::`, the last two groups perhaps
  /// written as an IPv4 address.
  private static boolean isIpv6(String text, int start, int end) {
    // IPv6address = 2*45IPv6char
    if (end - start < 2 || end - start > MAX_IPV6_CHARACTERS) {
      return false;
    }
    int groups = 0;
    boolean shortened = false;
    int i = start;
    if (text.charAt(i) == ':') {
      if (text.charAt(i + 1) != ':') {
        return false;
      }
      shortened = true;
      i += 2;
    }
    while (i < end) {
      int stop = i;
      while (stop < end
          && Character.digit(text.charAt(stop), 16) >= 0
          && text.charAt(stop) < 0x80) {
        stop++;
      }
      if (stop < end && text.charAt(stop) == '.') {
        groups += 2;
        return isIpv4(text, i, end) && isComplete(groups, shortened);
      }
      if (stop == i || stop - i > 4) {
        return false;
      }
      groups++;
      if (stop == end) {
        break;
      }
      if (text.charAt(stop) != ':' || stop + 1 == end) {
        return false;
      }
      i = stop + 1;
      if (text.charAt(i) == ':') {
        if (shortened) {
          return false;
        }
        shortened = true;
        i++;
      }
    }
    return isComplete(groups, shortened);
  }

  private static boolean isComplete(int groups, boolean shortened) {
    return shortened ? groups < IPV6_GROUPS : groups == IPV6_GROUPS;
  }
}
