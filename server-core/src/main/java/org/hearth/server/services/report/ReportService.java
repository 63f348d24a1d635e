package org.hearth.server.services.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.InstantSource;
import java.util.List;
import org.hearth.server.box.ServiceBox;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.Fields;
import org.hearth.server.http.Handler;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.account.AccountQueries;
import org.hearth.server.services.account.AccountService;
import org.hearth.server.services.activity.Activity;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Happenings;
import org.hearth.server.services.activity.Kind;
import org.hearth.server.store.Table;

/// The endpoints by which users report events, rooms and people to the owner of the server.
///
/// An event is reported by who is in its room and may see it; all else is not found, so that nobody
/// learns what there is. A room or a user may be reported by anybody, and the answer is the same
/// whether there is such a one: what is not here is not kept.
///
/// **thread**: any.
///
/// **source**: [Reporting
/// Content](https://spec.matrix.org/v1.19/client-server-api/#reporting-content)
public final class ReportService implements ServiceBox {
  /// The name in the wiring.
  public static final String BOX = "Reports";

  private static final int LONGEST_REASON = 2_000;

  private final Reports reports;
  private final RoomQueries rooms;
  private final AccountQueries accounts;
  private final ServerName server;
  private final Happenings happenings;
  private final InstantSource clock;

  public ReportService(
      Reports reports,
      RoomQueries rooms,
      AccountQueries accounts,
      ServerName server,
      Happenings happenings,
      InstantSource clock) {
    this.reports = reports;
    this.rooms = rooms;
    this.accounts = accounts;
    this.server = server;
    this.happenings = happenings;
    this.clock = clock;
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Complaints";
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX, AccountService.BOX);
  }

  @Override
  public List<String> commands() {
    return List.of(Activity.BOX);
  }

  @Override
  public List<Table> tables() {
    return List.of(Reports.TABLE);
  }

  @Override
  public void register(Routes routes) {
    add(routes, "/rooms/{roomId}/report/{eventId}", this::reportEvent);
    add(routes, "/rooms/{roomId}/report", this::reportRoom);
    add(routes, "/users/{userId}/report", this::reportUser);
  }

  private static void add(Routes routes, String path, Handler handler) {
    routes.add(HttpMethod.POST, ClientPaths.v3(path), Access.USER, RateClass.REPORT, handler);
  }

  /// "When processing event reports, servers MUST verify that the reporting user is currently
  /// joined to the room the event is in before accepting a report."
  private Response reportEvent(Request request) {
    String reason = Fields.of(request.json()).optionalString("reason").orElse("");
    UserId reporter = request.requester().user();
    RoomEvent event =
        Identifiers.read(RoomId::parse, request.path("roomId"))
            .filter(room -> rooms.isJoined(room, reporter))
            .flatMap(room ->
                Identifiers.read(EventId::parse, request.path("eventId"))
                    .flatMap(rooms::event)
                    .filter(each -> each.room().equals(room)))
            .filter(each -> rooms.maySee(reporter, each))
            .orElseThrow(() ->
                MatrixException.notFound(
                    "The event was not found or you are not joined to the room."));
    keep(request, Report.About.event(event.room(), event.id(), event.sender()), reason);
    return Response.empty();
  }

  /// "Servers MUST NOT restrict room reports based on whether or not the reporting user is joined
  /// to the room." "Homeservers that wish to conceal this information MAY return 200 responses
  /// regardless of the existence of the reported room."
  private Response reportRoom(Request request) {
    String reason = reason(request.json());
    RoomId room = RoomId.parse(request.path("roomId"));
    if (rooms.room(room).isPresent()) {
      keep(request, Report.About.room(room), reason);
    }
    return Response.empty();
  }

  /// As of rooms. Whether another server has such a user is not known here.
  private Response reportUser(Request request) {
    String reason = reason(request.json());
    UserId user = UserId.parse(request.path("userId"));
    if (!user.isOn(server) || accounts.exists(user)) {
      keep(request, Report.About.user(user), reason);
    }
    return Response.empty();
  }

  /// "May be blank", but is there.
  private static String reason(ObjectNode body) {
    return Fields.of(body).string("reason");
  }

  private void keep(Request request, Report.About about, String reason) {
    UserId reporter = request.requester().user();
    String kept = reason.length() <= LONGEST_REASON ? reason : cut(reason);
    if (reports.keep(clock.instant(), reporter, about, kept)) {
      happenings.note(
          new Happening(
              Kind.REPORTED,
              kept.isBlank() ? about.toString() : "%s: %s".formatted(about, kept),
              "%s from %s".formatted(reporter, request.remoteAddress().getHostAddress())));
    }
  }

  /// Not in the middle of a character.
  private static String cut(String reason) {
    int end = LONGEST_REASON - 1;
    return reason.substring(0, Character.isHighSurrogate(reason.charAt(end - 1)) ? end - 1 : end)
        + "…";
  }
}
