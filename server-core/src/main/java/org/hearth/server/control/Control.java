package org.hearth.server.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.Alert;
import org.hearth.server.admin.AppVerdict;
import org.hearth.server.admin.BackupMaker;
import org.hearth.server.admin.BackupStatus;
import org.hearth.server.admin.ConnectSummary;
import org.hearth.server.admin.Destination;
import org.hearth.server.admin.NoticesSent;
import org.hearth.server.admin.Overview;
import org.hearth.server.admin.Page;
import org.hearth.server.admin.ParkedEntries;
import org.hearth.server.admin.Person;
import org.hearth.server.admin.RefusedEvent;
import org.hearth.server.admin.ReleasedEntries;
import org.hearth.server.admin.ReportSummary;
import org.hearth.server.admin.SearchProgress;
import org.hearth.server.admin.ServerTrace;
import org.hearth.server.admin.SigningKeySummary;
import org.hearth.server.admin.TokenSummary;
import org.hearth.server.admin.UnreachedServer;
import org.hearth.server.admin.WayIn;

/// The operations of the command line, done by [Admin] and told as JSON.
///
/// @param admin does them
/// @param backups makes backups
/// @param server whose state is told
public record Control(Admin admin, BackupMaker backups, Server server) {
  private static final int MOST_LISTED = 10_000;

  /// The server as it tells of itself.
  ///
  /// @param name its permanent name
  /// @param state what it is doing, in a word
  /// @param step what is being done while it starts; empty unless it does
  /// @param addresses the addresses that clients may be given
  /// @param since when it began to serve; empty unless it serves
  /// @param failure why it has failed and what to do about it; empty unless it has, also while it
  ///   stops because of that
  /// @param version of the program
  /// @param warnings what its owner should know of the configuration, each a sentence
  /// @param connect how apps connect, looked up when somebody asks; empty unless it serves
  public record Server(
      String name,
      String state,
      Optional<String> step,
      List<String> addresses,
      Optional<Instant> since,
      Optional<String> failure,
      String version,
      List<String> warnings,
      Supplier<Optional<ConnectSummary>> connect) {
    public Server {
      addresses = List.copyOf(addresses);
      warnings = List.copyOf(warnings);
    }
  }

  /// Does one operation.
  ///
  /// @param request the operation with its arguments
  /// @return what there is to tell
  /// @throws ControlException if there is no such operation
  public JsonNode handle(ControlRequest request) {
    return switch (request.operation()) {
      case ControlRequest.STATUS -> status(server, this::putOverview);
      case "connect" ->
          connect(
              server
                  .connect()
                  .get()
                  .orElseThrow(() -> new ControlException("The server does not serve now.")),
              request.optional("person").map(this::userId));
      case "create-user" ->
          user(
              admin.createPerson(
                  request.argument("name"),
                  request.argument("password"),
                  Boolean.parseBoolean(request.argument("admin"))));
      case "list-users" -> users(request.argument("search"));
      case "reset-password" -> {
        admin.resetPassword(userId(request.argument("name")), request.argument("password"));
        yield empty();
      }
      case "deactivate-user" -> {
        admin.deactivate(userId(request.argument("name")), false);
        yield empty();
      }
      case "make-owner" -> setAdmin(request, true);
      case "make-member" -> setAdmin(request, false);
      case "create-token" ->
          token(
                  admin.createToken(
                      request.optional("token"),
                      request
                          .optional("uses")
                          .map(uses -> OptionalInt.of(Integer.parseInt(uses)))
                          .orElse(OptionalInt.empty()),
                      request.optional("expires").map(Instant::parse)))
              .put("of-use", admin.registersByToken());
      case "list-tokens" -> tokens();
      case "end-token" -> {
        admin.endToken(request.argument("token"));
        yield empty();
      }
      case "list-reports" -> reports();
      case "dismiss-report" -> {
        admin.dismissReport(Long.parseLong(request.argument("number")));
        yield empty();
      }
      case "send-notice" -> {
        admin.sendNotice(userId(request.argument("name")), request.argument("text"));
        yield empty();
      }
      case "send-notices" ->
          notices(admin.sendNotices(request.optional("after"), request.argument("text")));
      case "begin-backup" -> backup(backups.begin(request.optional("folder").map(Path::of)));
      case "backup-status" -> backup(backups.status());
      case "cancel-backup" -> backup(backups.cancel());
      case "list-keys" -> keys(admin.signingKeys().list());
      case "rotate-key" -> keys(List.of(admin.signingKeys().rotate()));
      case "rebuild-search" -> search(admin.rebuildSearch());
      case "search-progress" -> search(admin.searchProgress());
      case "list-unreached" -> unreached();
      case "list-destinations" -> destinations();
      case "list-refused" -> refused(request.optional("name"));
      case "retry-server" -> {
        admin.peers().retry(request.argument("name"));
        yield empty();
      }
      case "test-federation" -> trace(admin.peers().trace(request.argument("name")));
      case "list-parked" -> parked();
      case "retry-parked" ->
          released(
              admin.retryParked(
                  request.argument("log"), request.argument("reader"), request.argument("key")));
      case "discard-parked" ->
          released(
              admin.discardParked(
                  request.argument("log"), request.argument("reader"), request.argument("key")));
      case ControlRequest.STOP -> process();
      case ControlRequest.SHOW_PANEL -> empty();
      default -> {
        if (request.operation().startsWith(MediaControl.PREFIX)) {
          yield new MediaControl(admin.media(), this::userId).handle(request);
        }
        throw new ControlException("This server knows no operation " + request.operation());
      }
    };
  }

  private ObjectNode setAdmin(ControlRequest request, boolean owner) {
    admin.setAdmin(userId(request.argument("name")), owner);
    return empty();
  }

  /// Does one operation of a server whose database is not open yet.
  ///
  /// @param request the operation
  /// @param server whose state is told
  /// @return what there is to tell
  /// @throws ControlException if the operation needs a server that runs
  public static JsonNode handleWithoutAdmin(ControlRequest request, Server server) {
    return switch (request.operation()) {
      case ControlRequest.STATUS -> status(server, _ -> {});
      case ControlRequest.STOP -> process();
      case ControlRequest.SHOW_PANEL -> empty();
      default ->
          throw new ControlException(
              server
                  .failure()
                  .orElseGet(
                      () -> "The server is %s: ask again when it runs.".formatted(server.state())));
    };
  }

  private static ObjectNode process() {
    return empty().put("process", ProcessHandle.current().pid());
  }

  /// @param overview puts what a server can say of itself while its database can be read
  private static ObjectNode status(Server server, Consumer<ObjectNode> overview) {
    ObjectNode json = empty();
    json.put("state", server.state());
    server.step().ifPresent(step -> json.put("step", step));
    server.failure().ifPresent(failure -> json.put("failure", failure));
    json.put("server-name", server.name());
    if (server.failure().isEmpty()) {
      overview.accept(json);
    }
    json.put("version", server.version());
    json.put("process", ProcessHandle.current().pid());
    if (!server.warnings().isEmpty()) {
      ArrayNode warnings = json.putArray("warnings");
      server.warnings().forEach(warnings::add);
    }
    return json;
  }

  private void putOverview(ObjectNode json) {
    Overview overview = admin.overview();
    if (server.since().isPresent()) {
      ArrayNode addresses = json.putArray("addresses");
      server.addresses().forEach(addresses::add);
      json.put(
          "uptime-seconds", Duration.between(server.since().get(), overview.time()).toSeconds());
    }
    json.put("people", overview.people());
    json.put("rooms", overview.rooms());
    json.put("messages", overview.messages());
    json.put("requests", overview.requests());
    json.put("requests-in-flight", overview.requestsInFlight());
    json.put("database-bytes", overview.databaseBytes());
    json.put("free-bytes", overview.freeBytes());
    json.put("heap-bytes", overview.heapUsedBytes());
    json.put("storage", overview.storage());
    backups.trouble().map(Alert::text).ifPresent(text -> json.put("backup-failure", text));
  }

  private static ObjectNode connect(ConnectSummary connect, Optional<String> person) {
    ObjectNode json = empty().put("link", connect.link(person));
    ArrayNode ways = json.putArray("addresses");
    for (WayIn each : connect.ways()) {
      ObjectNode way = ways.addObject().put("address", each.url());
      each.over().ifPresent(link -> way.put("over", link));
    }
    ArrayNode notes = json.putArray("notes");
    connect.notes().forEach(notes::add);
    if (!connect.openToOthers() && connect.best().reach() == WayIn.Reach.THIS_COMPUTER) {
      notes.add(
          "“Let devices at home connect” is a switch of the panel. Without one, write bind: 0.0.0.0 for the listener in hearth.yaml, and restart the server.");
    }
    ArrayNode apps = json.putArray("apps");
    for (AppVerdict each : connect.apps()) {
      apps.addObject()
          .put("app", each.app())
          .put("verdict", each.verdict().words())
          .put("why", each.why());
    }
    return json;
  }

  private ObjectNode users(String search) {
    ObjectNode json = empty();
    ArrayNode users = json.putArray("users");
    Page<Person> people = admin.people(search, MOST_LISTED);
    people.items().forEach(person -> users.add(user(person)));
    return json.put("more", people.more());
  }

  private ObjectNode tokens() {
    ObjectNode json = empty();
    ArrayNode tokens = json.putArray("tokens");
    admin.tokens().forEach(token -> tokens.add(token(token)));
    return json;
  }

  private static ObjectNode token(TokenSummary token) {
    ObjectNode json = empty();
    json.put("token", token.token());
    token.usesAllowed().ifPresent(uses -> json.put("uses", uses));
    json.put("used", token.used());
    token.expires().ifPresent(when -> json.put("expires", when.toString()));
    return json;
  }

  private ObjectNode reports() {
    ObjectNode json = empty();
    ArrayNode reports = json.putArray("reports");
    for (ReportSummary each : admin.reports(OptionalLong.empty(), MOST_LISTED)) {
      reports
          .addObject()
          .put("number", each.number())
          .put("time", each.time().toString())
          .put("reporter", each.reporter())
          .put("about", each.about())
          .put("reason", each.reason());
    }
    return json;
  }

  private static ObjectNode notices(NoticesSent notices) {
    ObjectNode json = empty().put("sent", notices.sent());
    ArrayNode failures = json.putArray("failures");
    notices.failures().forEach(failures::add);
    notices.next().ifPresent(next -> json.put("next", next));
    return json;
  }

  private static ObjectNode keys(List<SigningKeySummary> keys) {
    ObjectNode json = empty();
    ArrayNode all = json.putArray("keys");
    for (SigningKeySummary each : keys) {
      ObjectNode key = all.addObject().put("id", each.id()).put("public-key", each.publicKey());
      each.expired().ifPresent(when -> key.put("expired", when.toString()));
    }
    return json;
  }

  private static ObjectNode search(SearchProgress progress) {
    return empty().put("indexed", progress.indexed()).put("newest", progress.newest());
  }

  private static ObjectNode backup(BackupStatus status) {
    ObjectNode json = empty();
    json.put("state", status.state().name().toLowerCase(Locale.ROOT));
    json.put("step", status.step());
    json.put("done-bytes", status.doneBytes());
    json.put("total-bytes", status.totalBytes());
    status.folder().ifPresent(folder -> json.put("folder", folder));
    status.failure().ifPresent(failure -> json.put("failure", failure));
    return json;
  }

  private ObjectNode unreached() {
    ObjectNode json = empty();
    ArrayNode servers = json.putArray("servers");
    for (UnreachedServer each : admin.peers().unreached()) {
      servers
          .addObject()
          .put("name", each.name())
          .put("since", each.since().toString())
          .put("next-try", each.nextTry().toString())
          .put("error", each.lastError());
    }
    return json;
  }

  private ObjectNode refused(Optional<String> name) {
    ObjectNode json = empty();
    ArrayNode events = json.putArray("events");
    for (RefusedEvent each : admin.peers().refused(name)) {
      events
          .addObject()
          .put("time", each.time().toString())
          .put("server", each.server())
          .put("room", each.room())
          .put("event", each.event())
          .put("rule", each.rule())
          .put("detail", each.detail());
    }
    return json;
  }

  private ObjectNode destinations() {
    ObjectNode json = empty();
    ArrayNode servers = json.putArray("servers");
    for (Destination each : admin.peers().destinations()) {
      ObjectNode server = servers.addObject();
      server
          .put("name", each.name())
          .put("state", each.state().name().toLowerCase(Locale.ROOT).replace('_', '-'))
          .put("waiting", each.waiting())
          .put("error", each.lastError());
      each.failingSince().ifPresent(since -> server.put("since", since.toString()));
      each.nextTry().ifPresent(next -> server.put("next-try", next.toString()));
    }
    return json;
  }

  private static ObjectNode trace(ServerTrace trace) {
    ObjectNode json = empty().put("name", trace.name()).put("good", trace.good());
    ArrayNode steps = json.putArray("steps");
    for (ServerTrace.Step each : trace.steps()) {
      steps
          .addObject()
          .put("what", each.what())
          .put("good", each.good())
          .put("found", each.found())
          .put("millis", each.took().toMillis());
    }
    ArrayNode facts = json.putArray("facts");
    trace.facts().forEach(each -> facts.addObject().put("what", each.what()).put("is", each.is()));
    return json;
  }

  private ObjectNode parked() {
    ObjectNode json = empty();
    ArrayNode all = json.putArray("parked");
    for (ParkedEntries parked : admin.parked()) {
      all.addObject()
          .put("log", parked.log())
          .put("reader", parked.consumer())
          .put("key", parked.key())
          .put("entries", parked.entries())
          .put("failure", parked.failure())
          .put("since", parked.since().toString());
    }
    return json;
  }

  private static ObjectNode released(ReleasedEntries released) {
    return empty()
        .put("handled", released.handled())
        .put("discarded", released.discarded())
        .put("remaining", released.remaining());
  }

  private static ObjectNode user(Person person) {
    ObjectNode json = empty();
    json.put("user_id", person.userId());
    json.put("admin", person.admin());
    json.put("deactivated", person.deactivated());
    json.put("devices", person.devices());
    return json;
  }

  /// Accepts a whole id or its first part.
  private String userId(String name) {
    return name.startsWith("@") ? name : "@" + name + ":" + server.name();
  }

  private static ObjectNode empty() {
    return JsonNodeFactory.instance.objectNode();
  }
}
