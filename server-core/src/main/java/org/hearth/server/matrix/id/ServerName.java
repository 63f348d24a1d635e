package org.hearth.server.matrix.id;

import java.util.Locale;
import java.util.OptionalInt;

/// The name of a homeserver: a DNS name or an address, perhaps with a port. Compared
/// case-sensitively: "`@user:matrix.org` is a different person from `@user:MATRIX.ORG`".
///
/// Source: [Server Name](https://spec.matrix.org/v1.19/appendices/#server-name).
///
/// @param value the whole name, as in `matrix.org:8448`
public record ServerName(String value) implements Comparable<ServerName> {
  public ServerName {
    String fault = ServerNameGrammar.fault(value, 0);
    if (fault != null) {
      throw new InvalidIdentifierException("server name", value, fault);
    }
  }

  /// The server name with that text.
  ///
  /// @throws InvalidIdentifierException if the text does not follow the grammar
  public static ServerName parse(String text) {
    return new ServerName(text);
  }

  /// The name without its port; an IPv6 address keeps its brackets.
  public String host() {
    int colon = ServerNameGrammar.portColon(value);
    return colon < 0 ? value : value.substring(0, colon);
  }

  /// The port, if the name has one.
  public OptionalInt port() {
    int colon = ServerNameGrammar.portColon(value);
    return colon < 0
        ? OptionalInt.empty()
        : OptionalInt.of(Integer.parseInt(value.substring(colon + 1)));
  }

  /// Whose the server is, as far as its name tells: of a DNS name the last two labels in lower
  /// case, of an address the whole. Whoever owns a domain has as many names below it as they like,
  /// so that what is shared out by name alone one owner could have all of. Of some domains many
  /// owners have names (`co.uk`): it says who may have to share, and never who is to be believed.
  public String site() {
    String host = host().toLowerCase(Locale.ROOT);
    int last = host.lastIndexOf('.');
    boolean isAddress = host.startsWith("[") || isDigits(host.substring(last + 1));
    return isAddress || last < 0 ? host : host.substring(host.lastIndexOf('.', last - 1) + 1);
  }

  private static boolean isDigits(String label) {
    return label.chars().allMatch(each -> each >= '0' && each <= '9');
  }

  @Override
  public int compareTo(ServerName other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
