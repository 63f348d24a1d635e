package org.hearth.server.readers.sync.v2;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.hearth.ringlogs.LogPosition;
import org.hearth.server.http.Access;
import org.hearth.server.http.ClientPaths;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.http.StopSignal;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.readers.sync.sections.Sections;
import org.hearth.server.readers.sync.sections.SyncRequest;
import org.hearth.server.readers.sync.sections.SyncRequest.StateSection;
import org.hearth.server.readers.sync.view.Snapshots;
import org.hearth.server.readers.sync.view.SyncPoint;
import org.hearth.server.readers.sync.view.SyncToken;
import org.hearth.server.readers.sync.view.SyncUsers;
import org.hearth.server.readers.sync.view.Tokens;
import org.hearth.server.readers.sync.view.Viewer;
import org.hearth.server.readers.sync.view.WaitingSync;

/// `GET /sync`: reads the request, collects the news, and waits while there is nothing to tell.
///
/// **Source:** [syncing][sync].
///
/// [sync]: https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync
public final class SyncRoutes implements RouteGroup {
  /// No request waits longer, whatever it asks for: a client that is gone is noticed then at the
  /// latest.
  static final Duration LONGEST_WAIT = Duration.ofMinutes(2);

  private static final Set<String> PRESENCES = Set.of("offline", "online", "unavailable");

  private final SyncUsers users;
  private final Snapshots snapshots;
  private final Sections sections;
  private final SyncJson json;
  private final StoredFilters filters;
  private final Tokens tokens;

  public SyncRoutes(
      SyncUsers users,
      Snapshots snapshots,
      Sections sections,
      SyncJson json,
      StoredFilters filters,
      Tokens tokens) {
    this.users = users;
    this.snapshots = snapshots;
    this.sections = sections;
    this.json = json;
    this.filters = filters;
    this.tokens = tokens;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.GET, ClientPaths.v3("/sync"), Access.USER_OR_GUEST, RateClass.SYNC, this::sync);
  }

  private Response sync(Request http) {
    SyncRequest request = read(http);
    SyncUsers.Entered entered = users.enter(request.viewer());
    try (StopSignal.Registration _ = http.stopping().whenRaised(entered.waiting()::end)) {
      return answer(request, entered);
    } finally {
      users.leave(entered);
    }
  }

  private Response answer(SyncRequest request, SyncUsers.Entered entered) {
    WaitingSync waiting = entered.waiting();
    long until = System.nanoTime() + request.timeout().toNanos();
    while (true) {
      waiting.look();
      LogPosition known = request.since().map(SyncPoint::position).orElse(LogPosition.ORIGIN);
      // A reader that lags is no reason to go back.
      SyncPoint now = snapshots.point().notBefore(known);
      users.refresh(entered);
      SyncAnswer answer = json.answer(request, now, sections.collect(request, entered.feed(), now));
      if (waiting.refusal().isPresent()) {
        throw waiting.refusal().get();
      }
      boolean atOnce = !answer.isEmpty() || request.since().isEmpty() || request.fullState();
      if (atOnce || waiting.isOver() || !waiting.sleep(until)) {
        return Response.json(answer.json());
      }
    }
  }

  private SyncRequest read(Request http) {
    Viewer viewer = Viewer.of(http.requester());
    Optional<String> presence = http.query("set_presence");
    if (presence.isPresent() && !PRESENCES.contains(presence.get())) {
      throw MatrixException.invalidParam("set_presence must be offline, online or unavailable");
    }
    StoredFilters.Named filter =
        http.query("filter")
            .map(each -> filters.named(viewer.user(), each))
            .orElse(StoredFilters.Named.ALL);
    long timeoutMillis =
        Math.min(http.queryLong("timeout", 0, Long.MAX_VALUE).orElse(0L), LONGEST_WAIT.toMillis());
    Optional<SyncToken> since =
        http.query("since")
            .filter(each -> !each.isEmpty())
            .map(each -> SyncToken.parse("since", each));
    boolean foreign = since.isPresent() && !tokens.isOurs(since.get(), snapshots.head());
    SyncRequest request =
        new SyncRequest(
            viewer,
            filter.filter(),
            filter.name(),
            since.map(SyncToken::point),
            http.queryFlag("full_state", false),
            stateSection(http),
            filter.filter().room().includeLeave(),
            Duration.ofMillis(timeoutMillis));
    return foreign ? request.fromNothing() : request;
  }

  private static StateSection stateSection(Request http) {
    if (http.queryFlag("use_state_after", false)) {
      return StateSection.STATE_AFTER;
    }
    return http.queryFlag("org.matrix.msc4222.use_state_after", false)
        ? StateSection.UNSTABLE_STATE_AFTER
        : StateSection.STATE;
  }
}
