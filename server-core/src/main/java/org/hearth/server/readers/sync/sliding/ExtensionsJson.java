package org.hearth.server.readers.sync.sliding;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.sync.sections.Filter;
import org.hearth.server.readers.sync.sections.News;
import org.hearth.server.readers.sync.sections.RoomTelling;
import org.hearth.server.readers.sync.sections.Section;
import org.hearth.server.readers.sync.sections.Sections;
import org.hearth.server.readers.sync.sections.ToDeviceSection;
import org.hearth.server.readers.sync.sections.WindowSection.Wanted;
import org.hearth.server.readers.sync.sliding.ExtensionRequest.OfRooms;
import org.hearth.server.readers.sync.view.OwnNews;
import org.hearth.server.readers.sync.view.UserFeed;
import org.hearth.server.readers.tokens.SyncPoint;
import org.hearth.server.readers.tokens.SyncToken;
import org.hearth.server.servers.device.DeviceMessage;
import org.hearth.server.servers.device.DeviceMessages;
import org.hearth.server.servers.room.RoomMembership;
import org.hearth.server.services.accountdata.AccountDataItem;
import org.jspecify.annotations.Nullable;

/// Writes what a client wants beside rooms: the news of the sections of `/sync`, each from where
/// the client has it.
///
/// **Thread:** one request's.
final class ExtensionsJson {
  private static final String E2EE = "e2ee";

  private final Parts parts;
  private final SlidingRequest request;
  private final Viewer viewer;
  private final UserFeed feed;
  private final Connection connection;
  private final Step base;
  private final SyncPoint now;
  private final Plan plan;
  private final RoomsJson rooms;
  private final JsonWriter json;

  /// Up to where the client is told of each extension with this answer.
  private final Map<String, SyncPoint> points;

  private final IdentityHashMap<Set<RoomId>, Set<String>> ids = new IdentityHashMap<>();
  private boolean any;

  ExtensionsJson(Look look, SlidingRequest request, Plan plan, RoomsJson rooms, JsonWriter json) {
    this.parts = look.parts();
    this.request = request;
    this.viewer = look.viewer();
    this.feed = look.feed();
    this.connection = look.connection();
    this.base = look.base();
    this.now = look.now();
    this.plan = plan;
    this.rooms = rooms;
    this.json = json;
    this.points = new HashMap<>(base.extensions());
  }

  /// Writes `extensions`.
  ///
  /// @return whether there is anything for which a client would be woken
  boolean write() {
    json.name("extensions").object();
    if (request.extensions().toDevice().isPresent()) {
      writeToDevice(request.extensions().toDevice().get());
    }
    if (request.extensions().e2ee()) {
      writeE2ee();
    }
    request.extensions().ofRooms().keySet().stream()
        .sorted()
        .forEach(each -> {
          switch (each) {
            case ACCOUNT_DATA -> writeAccountData();
            case RECEIPTS -> writeReceipts();
            case TYPING -> writeTyping();
          }
        });
    json.endObject();
    return any;
  }

  /// Up to where the client is told of each extension.
  Map<String, SyncPoint> points() {
    return points;
  }

  // --- of devices

  private void writeToDevice(ExtensionRequest.ToDevice asked) {
    LogPosition since = messagesSince(asked, parts, now);
    LogPosition end = now.position();
    json.name("to_device").object().name("events").array();
    @Nullable DeviceId device = viewer.device();
    if (device != null) {
      DeviceMessages told =
          parts.devices().messages(viewer.user(), device, since, end, asked.limit());
      if (told.last().isAfter(since)) {
        any |= !told.list().isEmpty();
        feed.toldMessages(device);
        for (DeviceMessage each : told.list()) {
          json.value(ToDeviceSection.event(each));
        }
        end = told.areAll() ? end : told.last();
      }
    }
    json.endArray().name("next_batch").value(parts.tokens().at(end).toString()).endObject();
  }

  /// Up to where the device has its messages; a token of another history of this database says
  /// nothing.
  ///
  /// @throws MatrixException `M_INVALID_PARAM` if it is no token
  static LogPosition messagesSince(ExtensionRequest.ToDevice asked, Parts parts, SyncPoint now) {
    return asked
        .since()
        .filter(each -> !each.isEmpty())
        .map(each -> SyncToken.parse("extensions.to_device.since", each))
        .filter(token -> parts.tokens().isOurs(token, now.position()))
        .map(SyncToken::position)
        .orElse(LogPosition.ORIGIN);
  }

  private void writeE2ee() {
    Optional<SyncPoint> since = Optional.ofNullable(base.extensions().get(E2EE));
    if (since.isEmpty() && base.number() != 0) {
      since = Optional.of(base.point());
    }
    News news = collect(parts.sections().ofDevice(), since, Optional.empty());
    points.put(E2EE, now.holdingBack(news.heldBack().positions()));
    json.name(E2EE).object();
    News.DeviceLists lists = news.deviceLists();
    if (!lists.changed().isEmpty() || !lists.left().isEmpty()) {
      any = true;
      json.name("device_lists").object();
      writeUsers("changed", lists.changed());
      writeUsers("left", lists.left());
      json.endObject();
    }
    json.name("device_one_time_keys_count").object();
    news.keyCounts().forEach((algorithm, count) -> json.name(algorithm).value(count));
    json.endObject();
    json.name("device_unused_fallback_key_types").array();
    news.unusedFallbackKeys().forEach(json::value);
    json.endArray().endObject();
  }

  private void writeUsers(String name, List<UserId> users) {
    json.name(name).array();
    users.forEach(each -> json.value(each.value()));
    json.endArray();
  }

  // --- of rooms

  private Set<RoomId> scope(OfRooms extension) {
    return Objects.requireNonNull(
        plan.windows().scopes().get(request.extensions().ofRooms().get(extension)));
  }

  /// Asks a section of the rooms in scope, of each from where the client has it.
  private News ofRooms(OfRooms extension, Section section, Sent.Kind kind, Set<RoomId> scope) {
    Optional<SyncPoint> before = Optional.ofNullable(base.extensions().get(extension.key()));
    Optional<SyncPoint> since =
        before.map(point -> {
          Map<SyncPoint.HeldBack, LogPosition> behind = new HashMap<>(point.heldBack());
          for (RoomId each : scope) {
            LogPosition known = since(each, kind, point).orElse(LogPosition.ORIGIN);
            if (!known.equals(point.position())) {
              behind.put(SyncPoint.HeldBack.of(each), known);
            }
          }
          return point.holdingBack(behind);
        });
    News news = collect(List.of(section), since, Optional.of(scope));
    Map<SyncPoint.HeldBack, LogPosition> failed = new HashMap<>(news.heldBack().positions());
    for (RoomId each : scope) {
      boolean told = failed.remove(SyncPoint.HeldBack.of(each)) == null;
      Optional<Sent> sent = plan.sent(each);
      boolean whole = failed.isEmpty() || before.isPresent();
      if (told && whole && sent.isPresent()) {
        if (sent.get().upTo(kind) != Sent.LIVE && isJoined(each) && !isToldLater(kind, each)) {
          plan.change(each, sent.get().with(kind, Sent.LIVE));
        }
      } else if (!told && sent.isPresent() && before.isPresent()) {
        // From where it was, if that was the extension's point.
        LogPosition known = since(each, kind, before.get()).orElse(LogPosition.ORIGIN);
        plan.change(each, sent.get().with(kind, known.value()));
      }
    }
    if (before.isPresent() || failed.isEmpty()) {
      points.put(extension.key(), now.holdingBack(failed));
    }
    return news;
  }

  private boolean isToldLater(Sent.Kind kind, RoomId room) {
    return kind == Sent.Kind.RECEIPTS && rooms.shownFirst().isLeftOut(room);
  }

  private Optional<LogPosition> since(RoomId room, Sent.Kind kind, SyncPoint point) {
    return connection.sent(room).flatMap(sent -> sent.since(kind, point.position()));
  }

  private boolean isJoined(RoomId room) {
    return feed.membershipAt(parts.rooms(), room, now.position())
        .map(RoomMembership::membership)
        .filter(Membership.JOIN::equals)
        .isPresent();
  }

  private void writeAccountData() {
    Optional<SyncPoint> before =
        Optional.ofNullable(base.extensions().get(OfRooms.ACCOUNT_DATA.key()));
    Set<RoomId> scope = scope(OfRooms.ACCOUNT_DATA);
    if (before.isPresent() && feed.mayHave(OwnNews.ACCOUNT_DATA, before.get().position())) {
      Set<RoomId> changed =
          parts
              .accountData()
              .changed(viewer.user(), before.get().position(), now.position())
              .stream()
              .map(AccountDataItem::room)
              .flatMap(room -> Optional.ofNullable(room).stream())
              .collect(Collectors.toSet());
      plan.fallBehind(Sent.Kind.ACCOUNT_DATA, before.get().position(), Optional.of(changed), scope);
    }
    News news =
        ofRooms(
            OfRooms.ACCOUNT_DATA, parts.sections().accountData(), Sent.Kind.ACCOUNT_DATA, scope);
    List<ObjectNode> global = news.events(News.Kind.ACCOUNT_DATA);
    Map<RoomId, List<ObjectNode>> ofRooms = new LinkedHashMap<>();
    news.rooms(News.Place.JOIN)
        .forEach((room, telling) -> {
          if (!telling.accountData().isEmpty()) {
            ofRooms.put(room, telling.accountData());
          }
        });
    if (global.isEmpty() && ofRooms.isEmpty()) {
      return;
    }
    any = true;
    json.name("account_data").object().name("global").array();
    global.forEach(json::value);
    json.endArray().name("rooms").object();
    ofRooms.forEach((room, events) -> {
      json.name(room.value()).array();
      events.forEach(json::value);
      json.endArray();
    });
    json.endObject().endObject();
  }

  private void writeReceipts() {
    Optional<SyncPoint> before = Optional.ofNullable(base.extensions().get(OfRooms.RECEIPTS.key()));
    Set<RoomId> scope = scope(OfRooms.RECEIPTS);
    before.ifPresent(point ->
        plan.fallBehind(
            Sent.Kind.RECEIPTS,
            point.position(),
            feed.changedRooms(parts.kinds().receipts(), point.position()),
            scope));
    Events events = new Events(OfRooms.RECEIPTS);
    ofRooms(OfRooms.RECEIPTS, parts.sections().receipts(), Sent.Kind.RECEIPTS, scope)
        .rooms(News.Place.JOIN)
        .forEach((room, telling) ->
            only(telling)
                .flatMap(event -> ofShown(room, event))
                .ifPresent(event -> events.write(room, event)));
    events.end();
  }

  private static Optional<ObjectNode> only(RoomTelling telling) {
    return telling.ephemeral().stream().findFirst();
  }

  /// Of a room that the client had not, the receipts of the events that it is shown, and the user's
  /// own: those of a large room would be more than all else.
  private Optional<ObjectNode> ofShown(RoomId room, ObjectNode event) {
    Optional<Set<String>> shown = rooms.shownFirst().of(room);
    if (shown.isEmpty()) {
      return Optional.of(event);
    }
    ObjectNode content = JsonNodeFactory.instance.objectNode();
    event
        .path("content")
        .properties()
        .forEach(ofEvent -> {
          if (shown.get().contains(ofEvent.getKey())) {
            content.set(ofEvent.getKey(), ofEvent.getValue());
            return;
          }
          ofEvent
              .getValue()
              .properties()
              .forEach(ofType -> {
                String me = viewer.user().value();
                if (ofType.getValue().has(me)) {
                  content
                      .withObjectProperty(ofEvent.getKey())
                      .withObjectProperty(ofType.getKey())
                      .set(me, ofType.getValue().get(me));
                }
              });
        });
    if (content.isEmpty()) {
      return Optional.empty();
    }
    ObjectNode some = JsonNodeFactory.instance.objectNode().put("type", "m.receipt");
    some.set("content", content);
    return Optional.of(some);
  }

  private void writeTyping() {
    Optional<SyncPoint> before = Optional.ofNullable(base.extensions().get(OfRooms.TYPING.key()));
    Set<RoomId> scope = scope(OfRooms.TYPING);
    News news = collect(List.of(parts.sections().typing()), before, Optional.of(scope));
    points.put(OfRooms.TYPING.key(), now.holdingBack(news.heldBack().positions()));
    Map<RoomId, ObjectNode> told = new LinkedHashMap<>();
    news.rooms(News.Place.JOIN)
        .forEach((room, telling) -> only(telling).ifPresent(event -> told.put(room, event)));
    // Of a room that was not named what changed meanwhile was not told.
    for (Wanted each : plan.wanted()) {
      RoomId room = each.room();
      boolean fresh = each.since().isEmpty();
      if (scope.contains(room)
          && !told.containsKey(room)
          && (fresh || each.counts())
          && (!fresh || parts.sections().typing().isSomebodyTyping(room))
          && isJoined(room)) {
        told.put(room, parts.sections().typing().now(room, viewer.ignored()));
      }
    }
    Events events = new Events(OfRooms.TYPING);
    told.forEach(events::write);
    events.end();
  }

  /// Writes an event of each room, once it is found: those of all rooms together may be megabytes.
  private final class Events {
    private final OfRooms extension;
    private boolean begun;

    Events(OfRooms extension) {
      this.extension = extension;
    }

    void write(RoomId room, ObjectNode event) {
      if (!begun) {
        begun = true;
        any = true;
        json.name(extension.key()).object().name("rooms").object();
      }
      json.name(room.value()).value(event);
    }

    void end() {
      if (begun) {
        json.endObject().endObject();
      }
    }
  }

  /// Asks sections.
  ///
  /// @param scope the rooms; empty for all
  private News collect(
      List<Section> sections, Optional<SyncPoint> since, Optional<Set<RoomId>> scope) {
    Optional<Set<String>> wanted =
        scope.map(those -> ids.computeIfAbsent(those, ExtensionsJson::ids));
    Filter filter = Filter.of(Filter.Rooms.of(wanted, false));
    return new Sections(parts.rooms(), parts.accountData(), sections, parts.complaints())
        .collect(Answer.asked(viewer, filter, since), feed, now);
  }

  private static Set<String> ids(Set<RoomId> rooms) {
    return rooms.stream().map(RoomId::value).collect(Collectors.toUnmodifiableSet());
  }
}
