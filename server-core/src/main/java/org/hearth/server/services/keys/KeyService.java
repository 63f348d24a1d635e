package org.hearth.server.services.keys;

import java.util.ArrayList;
import java.util.List;
import org.hearth.ringlogs.LogPosition;
import org.hearth.ringlogs.LogWriter;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.box.Box;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.logs.DeviceInput;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.account.AccountService;
import org.hearth.server.services.account.Confirmation;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.Table;

/// The keys for end-to-end encryption: of devices, of which others claim one-time keys, and of
/// users who vouch for devices and one another. The server has public keys only.
///
/// **thread**: any; what changes keys of a user is decided and committed in the user's turn.
///
/// **source**: [end-to-end
/// encryption](https://spec.matrix.org/v1.19/client-server-api/#end-to-end-encryption)
public final class KeyService implements Box {
  private final Keys keys;
  private final List<RouteGroup> routes;

  /// Users of other servers.
  ///
  /// @param kept what is known of their devices
  /// @param input told whose devices somebody here has asked for
  public record Others(
      KeptDevices kept, FederationClient federation, LogWriter<DeviceInput, LogPosition> input) {}

  /// @param keys the same object that answers the others' queries
  /// @param companions what else is kept for devices, and goes with a dehydrated one
  /// @param server whose users' keys are here
  /// @param confirmation asks users to prove who they are before they replace their keys
  public KeyService(
      Keys keys,
      List<AccountCompanion> companions,
      ServerName server,
      AccountQueries accounts,
      Confirmation confirmation,
      Others others,
      JournalWriter<AccountOutput> journal) {
    this.keys = keys;
    RemoteKeys remote = new RemoteKeys(others.federation()::send);
    UsersElsewhere elsewhere = new UsersElsewhere(others.kept(), remote, others.input());
    TurnPerKey turns = new TurnPerKey();
    List<AccountCompanion> ofDevices = new ArrayList<>(companions);
    ofDevices.add(keys);
    routes =
        List.of(
            new DeviceKeyRoutes(keys, server, remote, journal, turns),
            new KeyQueryRoute(keys, accounts, server, others.kept(), elsewhere),
            new CrossSigningRoutes(
                new CrossSigningRoutes.Needs(keys, accounts, server, elsewhere),
                confirmation,
                journal,
                turns),
            new DehydratedDeviceRoutes(keys, accounts, ofDevices, journal, turns));
  }

  @Override
  public String name() {
    return KeyQueries.BOX;
  }

  @Override
  public String purpose() {
    return "Keys of devices";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.SERVICE;
  }

  @Override
  public List<RouteGroup> routes() {
    return routes;
  }

  @Override
  public List<String> asks() {
    return List.of(AccountService.BOX);
  }

  @Override
  public List<String> commands() {
    return List.of(FederationClient.BOX);
  }

  @Override
  public List<AccountCompanion> companions() {
    return List.of(keys);
  }

  @Override
  public List<Table> tables() {
    return List.of(
        Keys.DEVICE_KEY,
        Keys.ONE_TIME_KEY,
        Keys.FALLBACK_KEY,
        Keys.CROSS_SIGNING_KEY,
        Keys.KEY_SIGNATURE,
        Keys.DEVICE_LIST,
        DehydratedDevices.TABLE);
  }
}
