package org.hearth.server.readers.search;

import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.store.AlreadyClosedException;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.Access;
import org.hearth.server.http.BodyWriter;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.JsonWriter;
import org.hearth.server.readers.events.ClientEvents;
import org.hearth.server.readers.events.EventFilter;
import org.hearth.server.readers.events.EventStyle;
import org.hearth.server.readers.events.IgnoredUsers;
import org.hearth.server.readers.events.OwnMembership;
import org.hearth.server.readers.events.Timelines;
import org.hearth.server.readers.events.Viewer;
import org.hearth.server.readers.search.SearchHits.Found;
import org.hearth.server.readers.tokens.Tokens;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.servers.room.RoomState;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.jspecify.annotations.Nullable;

/// `POST /search`: what a user finds in the rooms that they are or were in.
///
/// **Bound:** a user's searches are answered one after the other. A page ends with the result with
/// which [#MOST_BYTES] of events were looked at for it, results and what is around them, and with
/// the state of the room with which they were no further room's is told. The events before a result
/// are forgotten before those after it are read, and members are read one by one. And what
/// [SearchRequest], [SearchHits] and [Looks] say.
///
/// **Thread:** any; nothing is kept between requests.
///
/// **Source:** [server side search][search].
///
/// [search]: https://spec.matrix.org/v1.19/client-server-api/#server-side-search
final class SearchRoute implements RouteGroup {
  static final int MOST_BYTES = 4 * 1024 * 1024;

  /// What the answers are made of.
  ///
  /// @param newest waits until the index has what was committed before, and says up to where
  /// @param damaged told when the index cannot be read
  record Needs(
      RoomQueries rooms,
      Timelines timelines,
      ClientEvents events,
      Tokens tokens,
      AccountDataQueries accountData,
      Newest newest,
      Consumer<IOException> damaged) {}

  /// What a user does one at a time.
  private record Search() {}

  /// Brings the index up to date for a request.
  @FunctionalInterface
  interface Newest {
    LogPosition await() throws IOException;
  }

  private final SearchIndex index;
  private final SearchAnalyzer analyzer;
  private final Needs needs;

  private final Looks looks =
      new Looks(Math.max(1, Runtime.getRuntime().availableProcessors() / 2), Looks.LONGEST_WAIT);

  SearchRoute(SearchIndex index, SearchAnalyzer analyzer, Needs needs) {
    this.index = index;
    this.analyzer = analyzer;
    this.needs = needs;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.POST, ClientPaths.v3("/search"), Access.USER, RateClass.SEARCH, this::search);
  }

  private Response search(Request request) throws IOException {
    Viewer viewer = Viewer.of(request.requester());
    Optional<SearchRequest> asked = SearchRequest.parse(request, analyzer);
    // Before the turn, which is for those who work.
    LogPosition now = needs.newest().await();
    return Response.writtenOneAtATime(
        new Search(),
        stream -> {
          stream.awaitTurn();
          JsonWriter json = stream.json().object().name("search_categories").object();
          if (asked.isPresent()) {
            json.name("room_events").object();
            new Answer(asked.get(), viewer, now).write(stream);
            json.endObject();
          }
          json.endObject().endObject();
        });
  }

  /// The answer to one request in the making.
  private final class Answer {
    private final SearchRequest request;
    private final Viewer viewer;
    private final Viewer ignoring;
    private final LogPosition now;
    private final SearchScope scope;
    private final List<Found> written = new ArrayList<>();
    private long bytes;

    Answer(SearchRequest request, Viewer viewer, LogPosition now) {
      this.request = request;
      this.viewer = viewer;
      this.ignoring = viewer.ignoring(IgnoredUsers.of(needs.accountData(), viewer.user()));
      this.now = now;
      this.scope = new SearchScope(needs.rooms(), viewer.user(), request.filter());
    }

    void write(BodyWriter.Stream stream) throws IOException {
      SearchHits.Page page = stream.withoutTurn(() -> looks.inTurn(this::page));
      JsonWriter json = stream.json();
      json.name("count").value(page.count());
      json.name("results").array();
      for (Found each : page.found()) {
        if (bytes >= MOST_BYTES) {
          break;
        }
        written.add(each);
        writeResult(json, each);
      }
      json.endArray();
      @Nullable SearchCursor end =
          written.size() < page.found().size() ? written.getLast().cursor() : page.end();
      json.name("highlights").array();
      request
          .term()
          .highlights(written.stream().map(Found::text).toList(), analyzer)
          .forEach(json::value);
      json.endArray();
      if (request.includeState()) {
        writeState(json);
      }
      if (!request.groups().isEmpty()) {
        json.name("groups").object();
        request.groups().forEach(each -> writeGroups(json, each, end));
        json.endObject();
      }
      if (end != null) {
        json.name("next_batch").value(next(end).toString());
      }
    }

    private SearchHits.Page page() throws IOException {
      try {
        return new SearchHits(needs.rooms(), needs.events(), request, scope, ignoring).page(index);
      } catch (CorruptIndexException e) {
        needs.damaged().accept(e);
        throw unavailable();
      } catch (AlreadyClosedException _) {
        throw unavailable();
      }
    }

    private static MatrixException unavailable() {
      return new MatrixException(
          503, Errcode.UNKNOWN, "The search index is being mended; try again in a moment");
    }

    /// A token that was given within a group stays within it.
    private SearchCursor next(SearchCursor end) {
      SearchCursor from = request.from().orElse(end);
      @Nullable SearchGroup group = from.group();
      return group == null ? end : end.in(group, from.value());
    }

    private void writeResult(JsonWriter json, Found found) {
      json.object();
      json.name("rank").value(DoubleNode.valueOf(found.rank()));
      json.name("result").value(event(found));
      if (request.context().isPresent()) {
        json.name("context").object();
        writeContext(json, found.event(), request.context().get());
        json.endObject();
      }
      json.endObject();
    }

    /// "The server should include bundled aggregations … for any matching events": of an edited one
    /// the edit, whose words were found.
    private ObjectNode event(Found found) {
      RoomEvent event = found.event();
      RoomEvent edit = found.edit();
      bytes += event.pdu().canonicalBytes().length;
      bytes += edit == null ? 0 : edit.pdu().canonicalBytes().length;
      return needs
          .events()
          .bundled()
          .event(event, ignoring, scope.own(event.room()), EventStyle.SINGLE);
    }

    private void writeContext(JsonWriter json, RoomEvent event, SearchRequest.Context context) {
      Around before = writeBefore(json, event, context.before());
      Around after = writeAfter(json, event, context.after());
      if (context.profiles()) {
        Set<UserId> senders = new LinkedHashSet<>(before.senders());
        senders.add(event.sender());
        senders.addAll(after.senders());
        writeProfiles(json, after.last(), senders);
      }
    }

    /// What is known of the events on one side of a result when they are written.
    ///
    /// @param last of those that are shown; the result if there is none
    private record Around(RoomEvent last, Set<UserId> senders) {}

    private Around writeBefore(JsonWriter json, RoomEvent event, int limit) {
      Timelines.Page page = needs.timelines().before(event, ignoring, EventFilter.ALL, limit);
      json.name("start").value(needs.tokens().before(last(page, event)).toString());
      return writeEvents(json.name("events_before"), event, page);
    }

    private Around writeAfter(JsonWriter json, RoomEvent event, int limit) {
      Timelines.Page page = needs.timelines().after(event, ignoring, EventFilter.ALL, limit, now);
      json.name("end").value(needs.tokens().after(last(page, event)).toString());
      return writeEvents(json.name("events_after"), event, page);
    }

    private static RoomEvent last(Timelines.Page page, RoomEvent event) {
      return page.scanned().isEmpty() ? event : page.scanned().getLast();
    }

    /// Those count that are not shown, too: they were read.
    private Around writeEvents(JsonWriter json, RoomEvent event, Timelines.Page page) {
      page.scanned().forEach(each -> bytes += each.pdu().canonicalBytes().length);
      OwnMembership own = scope.own(event.room());
      Set<UserId> senders = new LinkedHashSet<>();
      json.array();
      for (RoomEvent each : page.events()) {
        senders.add(each.sender());
        json.value(needs.events().timelineEvent(each, viewer, own, EventStyle.SINGLE));
      }
      json.endArray();
      return new Around(page.events().isEmpty() ? event : page.events().getLast(), senders);
    }

    /// "The historic profile information of the users that sent the events returned."
    private void writeProfiles(JsonWriter json, RoomEvent last, Set<UserId> senders) {
      RoomState state = needs.rooms().stateAfter(last);
      OwnMembership own = scope.own(last.room());
      json.name("profile_info").object();
      for (UserId each : senders) {
        state
            .event(StateKey.member(each.value()))
            .ifPresent(member -> writeProfile(json, member, own));
      }
      json.endObject();
    }

    private void writeProfile(JsonWriter json, RoomEvent member, OwnMembership own) {
      bytes += member.pdu().canonicalBytes().length;
      ObjectNode content = needs.events().content(member, own);
      json.name(member.pdu().stateKey().orElseThrow()).object();
      for (String each : List.of("displayname", "avatar_url")) {
        if (content.path(each).isTextual()) {
          json.name(each).value(content.path(each).textValue());
        }
      }
      json.endObject();
    }

    /// "The current state for every room in the results": of one that the user has left, as it was
    /// then.
    private void writeState(JsonWriter json) {
      Set<RoomId> shown = new LinkedHashSet<>();
      written.forEach(each -> shown.add(each.event().room()));
      json.name("state").object();
      for (RoomId room : shown) {
        if (bytes >= MOST_BYTES) {
          break;
        }
        long before = json.length();
        List<LogPosition> positions =
            needs.rooms().stateAt(room, scope.upTo(room, now)).stream()
                .flatMap(state -> state.positions().values().stream())
                .sorted()
                .toList();
        json.name(room.value());
        needs.events().writeState(json, positions, viewer, scope.own(room), EventStyle.SINGLE);
        bytes += json.length() - before;
      }
      json.endObject();
    }

    /// @param end of the page; null if there is nothing more
    private void writeGroups(JsonWriter json, SearchGroup group, @Nullable SearchCursor end) {
      Map<String, List<RoomEvent>> members = new LinkedHashMap<>();
      written.forEach(each ->
          members
              .computeIfAbsent(group.of(each.event()), _ -> new ArrayList<>())
              .add(each.event()));
      json.name(group.key()).object();
      int order = 0;
      for (Map.Entry<String, List<RoomEvent>> each : members.entrySet()) {
        json.name(each.getKey()).object();
        json.name("order").value(order++);
        json.name("results").array();
        each.getValue().forEach(event -> json.value(event.id().value()));
        json.endArray();
        if (end != null) {
          json.name("next_batch").value(end.in(group, each.getKey()).toString());
        }
        json.endObject();
      }
      json.endObject();
    }
  }
}
