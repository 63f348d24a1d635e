package org.hearth.server.writers.federationmembership.invites;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.hearth.server.http.HttpOptions;
import org.hearth.server.http.HttpServer;
import org.hearth.server.http.Peer;
import org.hearth.server.http.RateLimits;
import org.hearth.server.http.TestClient;
import org.hearth.server.http.connection.Listener;
import org.hearth.server.http.peers.Peers;
import org.hearth.server.matrix.checks.FederationPolicy;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.PublishedKey;
import org.hearth.server.matrix.testkit.TestKeys;
import org.hearth.server.outbound.Outbound;
import org.hearth.server.outbound.TestInternet;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.server.RunningRooms;
import org.hearth.server.services.account.Accounts;
import org.hearth.server.services.accountdata.AccountData;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Store;
import org.hearth.server.store.Table;

/// What takes and makes invitations, on a real Room Server, in an internet of the test. Each server
/// has the key that [TestKeys] gives it; whose keys are lost is said by the test.
final class InviteServer implements AutoCloseable {
  static final ServerName HERE = Peer.HERE;
  static final UserId DAVE = UserId.parse("@dave:hearth.test");

  private static final Table ACCOUNT = new Table("account", "a test's", "the test");

  final TestInternet internet;
  final RunningRooms rooms;
  final OutwardInvites outward;
  final Set<ServerName> lostKeys = new HashSet<>();
  private final Store store;
  private final AccountData accountData;
  private final Outbound outbound;
  private final HttpServer http;

  InviteServer(Store store, Path folder) throws IOException {
    this.store = store;
    internet = new TestInternet(folder);
    outbound = internet.outbound(InstantSource.system());
    rooms = new RunningRooms(store);
    FederationClient federation =
        new FederationClient(
            outbound,
            new FederationClient.Identity(HERE, () -> TestKeys.of(HERE)),
            name -> !name.host().startsWith("blocked"),
            store,
            InstantSource.system(),
            new Random(7));
    PeerEvents.Keys keys =
        _ ->
            CompletableFuture.completedFuture((server, _) ->
                lostKeys.contains(server)
                    ? Optional.empty()
                    : Optional.of(
                        new PublishedKey.Current(TestKeys.of(server).verifyKey(), Long.MAX_VALUE)));
    accountData = new AccountData(store.reads());
    InviteRoutes routes =
        new InviteRoutes(
            new InviteRoutes.Needs(
                HERE,
                () -> TestKeys.of(HERE),
                new PeerEvents(federation, keys),
                keys,
                new InviteRoutes.Rooms(
                    rooms.queries(),
                    rooms.server().peerQueries(),
                    rooms.server().client("FederationMembership")),
                new Accounts(store.reads(), HERE),
                accountData));
    outward =
        new OutwardInvites(federation, keys, rooms.queries(), rooms.server().client("Outward"));
    http =
        HttpServer.start(
            HttpOptions.standard(List.of(Listener.loopback(0))).with(RateLimits.off()),
            List.of(
                routes,
                new OnBindRoute(
                    HERE,
                    federation,
                    rooms.queries(),
                    rooms.server().client("OnBind"),
                    new Accounts(store.reads(), HERE))),
            new HttpServer.Callers(
                _ -> {
                  throw MatrixException.unknownToken(false);
                },
                new Peers(
                    HERE,
                    FederationPolicy.open(List.of()),
                    (server, _) -> Optional.of(TestKeys.of(server).verifyKey()),
                    _ -> {})),
            InstantSource.system(),
            _ -> {});
    register(DAVE);
  }

  static ObjectNode json(String text) {
    return MatrixJson.parseObject(text.replace('\'', '"').getBytes(UTF_8));
  }

  /// Makes an account.
  void register(UserId user) {
    commit(
        List.of(
            RowChange.of(
                ACCOUNT,
                "INSERT INTO account (user_id, is_admin, is_guest, is_locked, is_deactivated,"
                    + " is_erased, is_leaving, created_millis)"
                    + " VALUES (?, FALSE, FALSE, FALSE, FALSE, FALSE, FALSE, 1)",
                (statement, _) -> statement.setString(1, user.value()))));
  }

  /// The user does not want to be invited.
  void block(UserId user) {
    commit(
        AccountData.set(
            user,
            null,
            "m.invite_permission_config",
            "{\"default_action\":\"block\"}".getBytes(UTF_8)));
    accountData.changed(user);
  }

  private void commit(List<RowChange> changes) {
    var _ = store.committer().commit("test", changes, List.of());
  }

  RoomQueries queries() {
    return rooms.queries();
  }

  /// Anybody.
  TestClient anybody() {
    return TestClient.of(http);
  }

  /// Another server.
  TestClient peer(String name) {
    return TestClient.of(http).as(Peer.of(name));
  }

  @Override
  public void close() throws IOException {
    http.stop(Duration.ofSeconds(10));
    rooms.close();
    outbound.close();
    internet.close();
  }
}
