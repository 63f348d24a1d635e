package org.hearth.server.outbound.federation;

import java.util.List;
import java.util.Locale;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.Endpoint;

/// Where a server is reached.
///
/// @param name whose whereabouts these are
/// @param step of the specification that found it
/// @param authority what the `Host` header says; its host is whom the certificate must name
/// @param endpoints where to connect to, the preferred first; not empty. Their addresses are looked
///   up and checked when somebody connects
public record Whereabouts(ServerName name, Step step, String authority, List<Endpoint> endpoints)
    implements Discovered {
  public Whereabouts {
    endpoints = List.copyOf(endpoints);
    if (endpoints.isEmpty()) {
      throw new IllegalArgumentException("expected somewhere to connect to, found nothing");
    }
  }

  /// The steps of [resolving server names][names].
  ///
  /// [names]: https://spec.matrix.org/v1.19/server-server-api/#resolving-server-names
  public enum Step {
    /// The name is an address.
    ADDRESS("1"),
    /// The name has a port.
    PORT("2"),
    /// The well-known file names an address.
    DELEGATED_ADDRESS("3.1"),
    /// The well-known file names a host with a port.
    DELEGATED_PORT("3.2"),
    /// The well-known file names a host that has `_matrix-fed` records.
    DELEGATED_SERVICE("3.3"),
    /// The well-known file names a host that has `_matrix` records.
    DELEGATED_OLD_SERVICE("3.4"),
    /// The well-known file names a host.
    DELEGATED_HOST("3.5"),
    /// The name has `_matrix-fed` records.
    SERVICE("4"),
    /// The name has `_matrix` records.
    OLD_SERVICE("5"),
    /// Nothing but the name.
    HOST("6");

    /// As the specification counts.
    private final String number;

    Step(String number) {
      this.number = number;
    }

    @Override
    public String toString() {
      return number + " (" + name().toLowerCase(Locale.ROOT).replace('_', ' ') + ")";
    }
  }
}
