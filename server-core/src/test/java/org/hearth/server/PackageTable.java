package org.hearth.server;

import java.util.List;

/// Which package may use which, as docs/architecture.md has it.
final class PackageTable {
  /// The package above all.
  static final String ROOT = "org.hearth.server";

  /// The root package without those below it.
  static final String ITSELF = "(root)";

  /// Of a service, a server and a reader others may use what its package shows: the house style has
  /// them show one class with a lifecycle, one query interface and the records that those return.
  static final List<Row> ROWS =
      List.of(
          new Row("matrix.id"),
          new Row("matrix.error"),
          new Row("matrix.json", "matrix.error"),
          new Row("matrix.version"),
          new Row("matrix.event", "matrix.id", "matrix.json", "matrix.version", "matrix.error"),
          new Row("matrix.sign", "matrix.id", "matrix.json", "matrix.version", "matrix.event"),
          // matrix.sign: only a signature by a key in the room's state allows a third-party invite.
          new Row(
              "matrix.auth",
              "matrix.id",
              "matrix.json",
              "matrix.version",
              "matrix.event",
              "matrix.sign",
              "matrix.error"),
          new Row(
              "matrix.checks",
              "matrix.id",
              "matrix.json",
              "matrix.version",
              "matrix.event",
              "matrix.sign",
              "matrix.auth",
              "matrix.error"),
          new Row("matrix.state", "matrix.id", "matrix.version", "matrix.event", "matrix.auth"),
          new Row("matrix.push", "matrix.id", "matrix.json", "matrix.event", "matrix.error"),
          new Row("logs", "matrix"),
          new Row("upkeep"),
          new Row("store", "upkeep"),
          // http: the page that devices read; configuration: its private files.
          new Row("certificates", "http", "configuration", "upkeep"),
          new Row("store.derby"),
          new Row("http", "matrix", "store", "upkeep"),
          new Row("http.connection", "upkeep"),
          new Row("http.content"),
          new Row("http.peers", "matrix"),
          // matrix, box and store: outbound.federation, which is below it.
          new Row("outbound", "configuration", "matrix", "box", "store", "upkeep"),
          new Row("outbound.federation", "matrix", "box", "store", "outbound alone"),
          new Row("outbound.events", "matrix", "outbound.federation"),
          // http and store: a box declares its routes and its tables; matrix: what it keeps of
          // whom.
          new Row("box", "matrix", "http", "store"),
          new Row(
              "writers.roomsend",
              "matrix",
              "box",
              "logs",
              "http",
              "servers.room",
              "servers.presence",
              "services"),
          // services.accountdata: it keeps m.fully_read.
          new Row(
              "writers.receiptupdater",
              "matrix",
              "box",
              "logs",
              "http",
              "servers.room",
              "services.accountdata"),
          new Row(
              "writers.federationbackfill", "matrix", "box", "logs", "outbound", "servers.room"),
          new Row("writers.devicesend", "matrix", "box", "logs", "http"),
          // store: which failures of its are of a moment. outbound: what is missing is fetched from
          // others.
          new Row(
              "writers.federationsend",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "outbound",
              "servers.room",
              "servers.presence",
              "services.staging"),
          new Row(
              "writers.presencesetter",
              "matrix",
              "box",
              "logs",
              "http",
              "servers.room",
              "servers.presence"),
          new Row("writers.typingsetter", "matrix", "box", "logs", "http", "servers.room"),
          new Row(
              "writers.federationmembership.invites",
              "matrix",
              "logs",
              "http",
              "outbound",
              "servers.room",
              "services.account",
              "services.accountdata"),
          new Row(
              "writers.federationmembership",
              "matrix",
              "box",
              "logs",
              "http",
              "outbound",
              "servers.room",
              "services.account",
              "services.accountdata",
              "services.staging",
              "writers.federationmembership.joining"),
          new Row(
              "writers.federationmembership.joining",
              "matrix",
              "logs",
              "outbound",
              "servers.room",
              "services.staging"),
          new Row(
              "writers.federationmembership.resident",
              "matrix",
              "logs",
              "http",
              "outbound",
              "servers.room"),
          new Row("servers.room", "matrix", "box", "logs", "store"),
          new Row("servers.room.state", "matrix", "logs", "store", "servers.room alone"),
          new Row(
              "servers.room.shard",
              "matrix",
              "logs",
              "store",
              "servers.room alone",
              "servers.room.state"),
          new Row(
              "servers.room.decide",
              "matrix",
              "logs",
              "store",
              "servers.room alone",
              "servers.room.shard",
              "servers.room.state"),
          new Row(
              "servers.room.receive",
              "matrix",
              "logs",
              "store",
              "servers.room alone",
              "servers.room.shard",
              "servers.room.state"),
          new Row(
              "servers.room.sweep",
              "matrix",
              "logs",
              "store",
              "servers.room alone",
              "servers.room.shard",
              "servers.room.state"),
          new Row(
              "servers.room.read",
              "matrix",
              "logs",
              "store",
              "servers.room alone",
              "servers.room.state"),
          new Row(
              "servers.room.check", "matrix", "store", "servers.room alone", "servers.room.state"),
          new Row("servers.room.server", "matrix", "box", "logs", "store", "servers.room"),
          new Row("servers.receipt", "matrix", "box", "logs", "store", "servers.room"),
          // services.accountdata: the push rules.
          new Row(
              "servers.notification",
              "matrix",
              "box",
              "logs",
              "store",
              "servers.room",
              "servers.receipt",
              "services.accountdata",
              "upkeep"),
          // services.account: which devices there are.
          // services.keys: a dehydrated device is among the keys only; what servers say of keys is
          // checked there. servers.room: who shares a room with whom.
          new Row(
              "servers.device",
              "matrix",
              "box",
              "logs",
              "store",
              "servers.room",
              "services.account",
              "services.keys"),
          new Row("servers.presence", "matrix", "box", "logs", "store"),
          new Row("servers.typing", "matrix", "box", "logs", "store", "servers.room"),
          // outbound: the way to gateways.
          new Row(
              "readers.push",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "outbound",
              "servers.room",
              "servers.notification"),
          // An event, a filter and a token are the same wherever a client reads them.
          new Row(
              "readers.events",
              "matrix",
              "store",
              "http",
              "logs",
              "servers.room",
              "services.account",
              "services.accountdata"),
          new Row("readers.tokens", "matrix", "store", "servers.room"),
          new Row(
              "readers.sync",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "servers.room",
              "servers.notification",
              "servers.typing",
              "servers.receipt",
              "servers.device",
              "servers.presence",
              "services",
              "readers.events",
              "readers.tokens"),
          // box: alarms.
          new Row("readers.sync.view", "matrix", "box", "logs", "servers.room", "readers.events"),
          new Row(
              "readers.sync.sections",
              "matrix",
              "logs",
              "store",
              "servers.room",
              "servers.notification",
              "servers.typing",
              "servers.receipt",
              "servers.device",
              "servers.presence",
              "services.accountdata",
              "services.keys",
              "readers.sync.view",
              "readers.events",
              "readers.tokens"),
          new Row(
              "readers.sync.v2",
              "matrix",
              "logs",
              "store",
              "http",
              "servers.room",
              "servers.device",
              "servers.notification",
              "servers.presence",
              "services.keys",
              "readers.sync.sections",
              "readers.sync.view",
              "readers.events",
              "readers.tokens"),
          new Row(
              "readers.sync.sliding",
              "matrix",
              "logs",
              "http",
              "servers.room",
              "servers.device",
              "servers.notification",
              "servers.presence",
              "services.accountdata",
              "readers.sync.sections",
              "readers.sync.view",
              "readers.events",
              "readers.tokens"),
          // services.directory: these calls say which rooms are published.
          new Row(
              "readers.sync.v1",
              "matrix",
              "logs",
              "http",
              "servers.presence",
              "servers.room",
              "services.accountdata",
              "services.directory",
              "readers.sync.sections",
              "readers.sync.history",
              "readers.sync.view",
              "readers.events",
              "readers.tokens"),
          new Row(
              "readers.sync.history",
              "matrix",
              "http",
              "servers.room",
              "servers.notification",
              "services.accountdata",
              "readers.events",
              "readers.tokens"),
          // services.profile: of this server's users the profiles are what is searched.
          new Row(
              "readers.userdirectory",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "servers.room",
              "services.profile"),
          // services.keys: what other servers are told of devices.
          new Row(
              "readers.federationdelivery",
              "matrix",
              "box",
              "logs",
              "store",
              "outbound",
              "servers.room",
              "servers.receipt",
              "servers.typing",
              "services.keys"),
          // services.account: whose content is erased.
          new Row(
              "readers.federationquery",
              "matrix",
              "box",
              "http",
              "servers.room",
              "services.account"),
          // outbound: lists of devices are fetched.
          new Row(
              "readers.federationdevices",
              "matrix",
              "box",
              "logs",
              "outbound",
              "servers.device",
              "upkeep"),
          // outbound: what is in spaces of other servers. services.directory: aliases, and what a
          // room says about itself.
          new Row(
              "readers.spaces",
              "matrix",
              "box",
              "http",
              "outbound",
              "servers.room",
              "services.directory"),
          new Row(
              "readers.search",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "servers.room",
              "services.account",
              "services.accountdata",
              "readers.events",
              "readers.tokens"),
          new Row(
              "services.account",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "outbound",
              "servers.room",
              "services.activity",
              "upkeep"),
          new Row("services.activity", "matrix", "box", "store"),
          // outbound: profiles of users of other servers.
          new Row(
              "services.profile",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "outbound",
              "servers.room",
              "upkeep"),
          new Row("services.accountdata", "matrix", "box", "logs", "store", "http"),
          // outbound: aliases and published rooms of other servers.
          new Row(
              "services.directory",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "outbound",
              "servers.room"),
          new Row(
              "services.pushrules",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "services.accountdata"),
          new Row("services.keybackup", "matrix", "box", "store", "http", "upkeep"),
          // outbound: other servers are asked for keys of their users.
          new Row(
              "services.keys",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "outbound",
              "services.account"),
          // services.accountdata: the rooms are tagged. services.profile: who is invited has a
          // name.
          new Row(
              "services.notices",
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "servers.room",
              "services.account",
              "services.accountdata",
              "services.profile"),
          // outbound: by an interface that the root implements; another box checks signatures.
          new Row("services.serverkeys", "matrix", "box", "store", "http", "outbound"),
          // What writers have staged; a writer has no tables.
          new Row("services.staging", "matrix", "box", "store"),
          // outbound: its SharedPlaces; and services.media.federation, which is below it.
          new Row(
              "services.media",
              "matrix",
              "box",
              "store",
              "http",
              "outbound",
              "services.activity",
              "upkeep"),
          new Row(
              "services.media.thumbnail",
              "matrix",
              "box",
              "store",
              "http",
              "services.media alone",
              "upkeep"),
          // outbound: where another server redirects to.
          new Row(
              "services.media.federation",
              "matrix",
              "box",
              "http",
              "outbound",
              "services.media alone",
              "services.media.thumbnail"),
          // outbound: pages of the web. services.media: their pictures are kept there.
          new Row(
              "services.previews",
              "matrix",
              "box",
              "store",
              "http",
              "outbound",
              "services.media alone",
              "services.media.thumbnail",
              "upkeep"),
          new Row("services.openid", "matrix", "box", "http", "services.account"),
          new Row("services.voip", "matrix", "box", "http"),
          new Row(
              "services.report",
              "matrix",
              "box",
              "store",
              "http",
              "servers.room",
              "services.account",
              "services.activity"),
          new Row(
              "admin",
              "matrix",
              "configuration",
              "logs",
              "store",
              "http",
              "outbound",
              "servers",
              "readers",
              "services",
              "upkeep"),
          new Row("configuration", "matrix"),
          new Row("control", "admin", "configuration"),
          new Row("command", ITSELF, "admin", "configuration", "control"),
          new Row(
              ITSELF,
              "matrix",
              "box",
              "logs",
              "store",
              "http",
              "outbound",
              "writers",
              "servers",
              "readers",
              "services",
              "admin",
              "certificates",
              "configuration",
              "control"));

  private PackageTable() {}

  /// One row of the table: the package (below the root) with those beneath it, and the packages of
  /// ours that it may use, which include those beneath them unless the row says `alone`.
  record Row(String name, List<String> mayUse) {
    Row(String name, String... mayUse) {
      this(name, List.of(mayUse));
    }

    String pattern() {
      return pattern(name);
    }

    static String pattern(String name) {
      if (name.equals(ITSELF)) {
        return ROOT;
      }
      String alone = " alone";
      return ROOT
          + "."
          + (name.endsWith(alone)
              ? name.substring(0, name.length() - alone.length())
              : name + "..");
    }
  }
}
