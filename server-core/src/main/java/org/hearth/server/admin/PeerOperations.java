package org.hearth.server.admin;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.federation.FailingServer;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.readers.federationdelivery.DestinationState;
import org.hearth.server.readers.federationdelivery.FederationDelivery;
import org.hearth.server.services.staging.PeerRejections;

/// The operations on how this server stands with others.
///
/// **thread**: any. **errors**: [AdminException] with a sentence for what was refused.
public final class PeerOperations {
  private static final int MOST_LISTED = 200;

  private final FederationClient federation;
  private final FederationDelivery delivery;
  private final PeerRejections rejections;

  PeerOperations(
      FederationClient federation, FederationDelivery delivery, PeerRejections rejections) {
    this.federation = federation;
    this.delivery = delivery;
    this.rejections = rejections;
  }

  /// Events that other servers have sent since the start and that do not count here.
  ///
  /// @param name of the server that has sent them; empty for all servers
  /// @return the newest first; bounded
  public List<RefusedEvent> refused(Optional<String> name) {
    return Admin.refusing(() ->
        name
            .map(each -> rejections.of(ServerName.parse(each.strip())))
            .orElseGet(() -> rejections.newest(MOST_LISTED))
            .stream()
            .map(RefusedEvent::of)
            .toList());
  }

  /// Goes the way to another server, and says what each step found. This asks that server for its
  /// keys and its version, and takes up to a minute.
  ///
  /// @param name the server's, such as `matrix.org`
  /// @return the way
  public ServerTrace trace(String name) {
    return Admin.refusing(() -> {
      try {
        return ServerTrace.of(federation.trace(ServerName.parse(name.strip())));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AdminException("The server is stopping.", e);
      }
    });
  }

  /// Servers that could not be reached.
  ///
  /// @return the one that failed longest ago first; bounded
  public List<UnreachedServer> unreached() {
    return federation.failing().stream().map(UnreachedServer::of).toList();
  }

  /// Servers that are told what happens here, and those that could not be reached.
  ///
  /// @return those with most to be told first; bounded
  public List<Destination> destinations() {
    Map<ServerName, FailingServer> failing = new LinkedHashMap<>();
    federation.failing().forEach(each -> failing.put(each.name(), each));
    List<Destination> all = new ArrayList<>();
    for (DestinationState each : delivery.destinations()) {
      all.add(Destination.of(each, Optional.ofNullable(failing.remove(each.name()))));
    }
    failing.values().forEach(each -> all.add(Destination.of(each)));
    return all;
  }

  /// Lets a server be tried again at once, as if it had never failed.
  ///
  /// @param name the server's
  public void retry(String name) {
    Admin.refusing(() -> {
      ServerName server = ServerName.parse(name.strip());
      boolean waits =
          delivery.destinations().stream()
              .anyMatch(each -> each.name().equals(server) && each.nextTry().isPresent());
      if (!waits && federation.failing(server).isEmpty()) {
        throw new AdminException("No attempt to reach " + server + " has failed.");
      }
      federation.signOfLife(server);
      delivery.retry(server);
      return true;
    });
  }
}
