package org.hearth.server.matrix.checks;

import java.util.List;
import java.util.Set;
import org.hearth.server.matrix.id.ServerName;

/// With which other servers this one talks, whoever begins: the owner's setting `federation`.
///
/// **thread**: any; immutable.
public final class FederationPolicy {
  private enum Mode {
    OFF,
    LISTED,
    ALL
  }

  private final Mode mode;
  private final Set<ServerName> servers;
  private final ServerGlobs blocked;

  private FederationPolicy(Mode mode, Set<ServerName> servers, List<String> blocked) {
    this.mode = mode;
    this.servers = servers;
    this.blocked = ServerGlobs.of(blocked);
  }

  /// With none.
  public static FederationPolicy off() {
    return new FederationPolicy(Mode.OFF, Set.of(), List.of());
  }

  /// With those listed.
  ///
  /// @param blocked as for [#open]; goes before the list
  public static FederationPolicy allowing(Set<ServerName> servers, List<String> blocked) {
    return new FederationPolicy(Mode.LISTED, Set.copyOf(servers), blocked);
  }

  /// With all but the blocked.
  ///
  /// @param blocked names without ports, in which `*` and `?` may stand for others; in either case
  public static FederationPolicy open(List<String> blocked) {
    return new FederationPolicy(Mode.ALL, Set.of(), blocked);
  }

  /// Whether this server is on its own, and shows others nothing of what it would serve them.
  public boolean isOff() {
    return mode == Mode.OFF;
  }

  /// Whether this server talks with that one.
  public boolean allows(ServerName server) {
    return switch (mode) {
      case OFF -> false;
      case LISTED -> servers.contains(server) && !blocked.matches(server.host());
      case ALL -> !blocked.matches(server.host());
    };
  }
}
