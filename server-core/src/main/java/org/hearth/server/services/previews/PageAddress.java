package org.hearth.server.services.previews;

import java.net.IDN;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/// Addresses as people and pages write them, as they are asked for: in ASCII, `http` or `https`, of
/// a host, without a name and a password.
final class PageAddress {
  static final int LONGEST = 4_096;

  private PageAddress() {}

  /// Reads one.
  ///
  /// @return empty if it is none that is asked for
  static Optional<URI> read(String text) {
    if (text.length() > LONGEST) {
      return Optional.empty();
    }
    try {
      return checked(new URI(encoded(text.strip())));
    } catch (URISyntaxException | IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /// An address in a page, which may leave out what it has in common with the page's.
  static Optional<URI> read(URI page, String text) {
    try {
      return text.length() > LONGEST
          ? Optional.empty()
          : read(page.resolve(encoded(text.strip())).toString());
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  private static Optional<URI> checked(URI uri) throws URISyntaxException {
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    if ((!scheme.equals("http") && !scheme.equals("https"))
        || uri.getHost() == null
        || uri.getRawUserInfo() != null
        || uri.getPort() == 0
        || uri.getPort() > 0xffff) {
      return Optional.empty();
    }
    String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
    String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    // Without the fragment, which is the client's own.
    return Optional.of(
        new URI(scheme + "://" + uri.getHost().toLowerCase(Locale.ROOT) + port + path + query));
  }

  /// What is not ASCII, or may not stand in an address but is often written there, is encoded; a
  /// host in other letters is written as the name servers know it.
  private static String encoded(String text) {
    StringBuilder encoded = new StringBuilder();
    int authority = text.indexOf("://");
    int host = authority < 0 ? 0 : authority + 3;
    int end = host;
    while (authority >= 0 && end < text.length() && "/?#".indexOf(text.charAt(end)) < 0) {
      end++;
    }
    encoded.append(text, 0, host);
    if (end > host) {
      encoded.append(ascii(text.substring(host, end)));
    }
    for (byte each : text.substring(end).getBytes(StandardCharsets.UTF_8)) {
      char character = (char) (each & 0xff);
      if (character <= ' ' || character >= 0x7f || "\"<>\\^`{|}".indexOf(character) >= 0) {
        encoded.append("%%%02X".formatted((int) character));
      } else {
        encoded.append(character);
      }
    }
    return encoded.toString();
  }

  private static String ascii(String authority) {
    return authority.chars().allMatch(each -> each < 0x80) ? authority : IDN.toASCII(authority);
  }
}
