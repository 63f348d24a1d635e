package org.hearth.server.services.serverkeys;

import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;
import org.hearth.server.box.ServiceBox;
import org.hearth.server.http.Access;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.http.peers.PeerKeys;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.sign.OwnKeys;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;

/// The keys of servers: publishes this server's, finds those of others, and tells others what it
/// knows.
///
/// **thread**: any; [#stop] one.
///
/// **source**: [Retrieving server
/// keys](https://spec.matrix.org/v1.19/server-server-api/#retrieving-server-keys)
public final class ServerKeyService implements ServiceBox {
  private final OwnAnswer own;
  private final RemoteKeys remote;
  private final NotaryRoutes notary;
  private final InstantSource clock;

  /// One that asks others by that client.
  ///
  /// @param keys this server's, as of now; quick
  /// @param notaries who is asked for the keys of servers that do not answer; may be empty
  public ServerKeyService(
      ServerName server,
      Supplier<OwnKeys> keys,
      Store store,
      FederationClient federation,
      List<ServerName> notaries,
      InstantSource clock) {
    this(server, keys, store, new OverFederation(federation), notaries, clock);
  }

  /// @param keys this server's, as of now; quick
  /// @param source the way to other servers
  /// @param notaries who is asked for the keys of servers that do not answer; may be empty
  public ServerKeyService(
      ServerName server,
      Supplier<OwnKeys> keys,
      Store store,
      KeySource source,
      List<ServerName> notaries,
      InstantSource clock) {
    this.clock = clock;
    this.own = new OwnAnswer(server, keys, clock);
    this.remote =
        new RemoteKeys(server, keys, new StoredServerKeys(store), source, notaries, clock);
    this.notary = new NotaryRoutes(server, keys, own, remote, clock);
  }

  /// The keys of all servers.
  public ServerKeyQueries queries() {
    return remote;
  }

  /// The keys by which requests of other servers are checked.
  public PeerKeys peerKeys() {
    return new RequestKeys(remote, clock);
  }

  @Override
  public String name() {
    return ServerKeyQueries.BOX;
  }

  @Override
  public String purpose() {
    return "Keys of servers";
  }

  @Override
  public List<String> commands() {
    return List.of(FederationClient.BOX);
  }

  @Override
  public List<Table> tables() {
    return List.of(StoredServerKeys.TABLE);
  }

  @Override
  public void register(Routes routes) {
    // The specification had the second form, with any key id, until v1.7. Servers still ask so.
    for (String path : List.of("/_matrix/key/v2/server", "/_matrix/key/v2/server/{keyId}")) {
      routes.add(
          HttpMethod.GET,
          path,
          Access.NONE,
          RateClass.DEFAULT,
          _ -> Response.json(200, own.bytes()));
    }
    notary.register(routes);
  }

  @Override
  public void stop() throws InterruptedException {
    remote.stop();
  }
}
