package org.hearth.server.outbound.federation;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.Endpoint;
import org.hearth.server.outbound.Failure;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.OutboundRequest;
import org.hearth.server.outbound.Services;
import org.hearth.server.outbound.federation.Whereabouts.Step;

/// Finds out where a server is reached.
///
/// What it finds are hosts and ports. Addresses are looked up, checked against the blocked networks
/// and pinned by [Outbound] for each connection, whoever named the host: the server's name, its
/// well-known file or an SRV record.
///
/// **thread**: any. What it remembers, [WellKnown] and the name servers' cache remember.
///
/// **source**: [Resolving server names][names]
///
/// [names]: https://spec.matrix.org/v1.19/server-server-api/#resolving-server-names
final class Discovery {
  static final int PORT = 8448;

  private static final Pattern IPV4 = Pattern.compile("[0-9]+(\\.[0-9]+){3}");

  private final Outbound outbound;
  private final WellKnown wellKnown;

  Discovery(Outbound outbound, WellKnown wellKnown) {
    this.outbound = outbound;
    this.wellKnown = wellKnown;
  }

  /// Goes through the steps.
  Discovered find(ServerName name) throws InterruptedException {
    return find(name, Told.NOBODY, false);
  }

  /// Goes through the steps and says so.
  ///
  /// @param anew whether the well-known file is asked for again, whatever is remembered of it
  Discovered find(ServerName name, Told told, boolean anew) throws InterruptedException {
    Optional<Failure> refused = refusal(name);
    if (refused.isPresent()) {
      return new Discovered.Nowhere(refused.get());
    }
    // 1. If the hostname is an IP literal, then that IP address should be used, together with the
    //    given port number, or 8448 if no port is given. […] The `Host` header in the request
    // should
    //    be set to the server name, including the port if the server name included one.
    if (isAddress(name)) {
      return at(name, Step.ADDRESS, name, told);
    }
    // 2. If the hostname is not an IP literal, and the server name includes an explicit port,
    //    resolve the hostname to an IP address […] with a `Host` header of the original server name
    //    (with port).
    if (name.port().isPresent()) {
      return at(name, Step.PORT, name, told);
    }
    // 3. If the hostname is not an IP literal, a regular HTTPS request is made to
    //    `https://<hostname>/.well-known/matrix/server` […]
    WellKnown.Entry entry = anew ? wellKnown.anew(name.host()) : wellKnown.of(name.host());
    Optional<ServerName> delegated = entry.delegated();
    told.tell("https://%s/.well-known/matrix/server".formatted(name.host()), true, entry.found());
    if (delegated.isPresent()) {
      return delegated(name, delegated.get(), told);
    }
    // 4. If the `/.well-known` request resulted in an error response, a server is found by
    // resolving
    //    an SRV record for `_matrix-fed._tcp.<hostname>`. […]
    // 5. [Deprecated] […] `_matrix._tcp.<hostname>` […]
    // 6. […] using port 8448 and a `Host` header containing the `<hostname>`.
    return byService(name, name.host(), Step.SERVICE, Step.OLD_SERVICE, Step.HOST, told);
  }

  private Discovered delegated(ServerName name, ServerName to, Told told)
      throws InterruptedException {
    Optional<Failure> refused = refusal(to);
    if (refused.isPresent()) {
      return new Discovered.Nowhere(refused.get());
    }
    // 3.1. If `<delegated_hostname>` is an IP literal, then that IP address should be used together
    //      with the `<delegated_port>` or 8448 if no port is provided. […] `Host` header containing
    //      the IP address, including the port if one was provided.
    if (isAddress(to)) {
      return at(name, Step.DELEGATED_ADDRESS, to, told);
    }
    // 3.2. If `<delegated_hostname>` is not an IP literal, and `<delegated_port>` is present […]
    //      `Host` header of `<delegated_hostname>:<delegated_port>`.
    if (to.port().isPresent()) {
      return at(name, Step.DELEGATED_PORT, to, told);
    }
    // 3.3. […] an SRV record is looked up for `_matrix-fed._tcp.<delegated_hostname>`. […]
    // 3.4. [Deprecated] […] `_matrix._tcp.<delegated_hostname>` […]
    // 3.5. If no SRV record is found, an IP address is resolved […] and a port of 8448, using a
    //      `Host` header of `<delegated_hostname>`.
    return byService(
        name,
        to.host(),
        Step.DELEGATED_SERVICE,
        Step.DELEGATED_OLD_SERVICE,
        Step.DELEGATED_HOST,
        told);
  }

  /// Of those steps the certificate is always for the host, never for the target of a record: "DNS
  /// is insecure".
  private Discovered byService(
      ServerName name, String host, Step service, Step oldService, Step plain, Told told)
      throws InterruptedException {
    for (Step step : List.of(service, oldService)) {
      String record = (step == service ? "_matrix-fed._tcp." : "_matrix._tcp.") + host;
      switch (outbound.services(record)) {
        case Services.Served(List<Endpoint> endpoints) -> {
          told.tell("SRV " + record, true, endpoints.toString());
          return new Whereabouts(name, step, host, endpoints);
        }
        case Services.Unavailable(String why) -> {
          told.tell("SRV " + record, false, why);
          return new Discovered.Nowhere(new Failure.NameNotFound(record, why));
        }
        case Services.None(String why) -> told.tell("SRV " + record, true, why);
      }
    }
    Endpoint endpoint = new Endpoint(host.toLowerCase(Locale.ROOT), PORT);
    told.tell("step " + plain, true, endpoint.toString());
    return new Whereabouts(name, plain, host, List.of(endpoint));
  }

  /// The host and port that a name says itself.
  private static Whereabouts at(ServerName name, Step step, ServerName at, Told told) {
    Endpoint endpoint = new Endpoint(at.host().toLowerCase(Locale.ROOT), at.port().orElse(PORT));
    told.tell("step " + step, true, endpoint.toString());
    return new Whereabouts(name, step, at.value(), List.of(endpoint));
  }

  static boolean isAddress(ServerName name) {
    return name.host().startsWith("[") || IPV4.matcher(name.host()).matches();
  }

  /// What a name says itself against being connected to: names that are none for a lookup, such as
  /// other spellings of addresses, addresses in blocked networks, port 0.
  private Optional<Failure> refusal(ServerName name) {
    if (name.port().equals(OptionalInt.of(0))) {
      return Optional.of(new Failure.InvalidHost(name.value()));
    }
    try {
      return outbound.refusal(
          OutboundRequest.get(URI.create("https://" + name.host().toLowerCase(Locale.ROOT) + "/")));
    } catch (IllegalArgumentException _) {
      return Optional.of(new Failure.InvalidHost(name.value()));
    }
  }
}
