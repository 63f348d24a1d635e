package org.hearth.server.writers.federationmembership.joining;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.hearth.server.logs.EventVerdict;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.logs.RoomInput.Arrival;
import org.hearth.server.logs.RoomReply;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.services.staging.ArrivingRooms;
import org.hearth.server.writers.federationmembership.joining.RemoteRooms.Step;

/// The second half of a join: hands it in, checks all of the answer, and has the Room Server take
/// it in.
///
/// **thread**: any that may wait.
final class Joining {
  private static final System.Logger LOG = System.getLogger(Joining.class.getName());

  /// How long an answer of the Room Server is waited for. A room in which users of this server were
  /// before is one command, however large it is.
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /// Events that the Room Server takes in at once. Each part holds up what others do for some
  /// twenty milliseconds, and costs a commit.
  static final int PART = 250;

  private final RemoteRooms.Needs needs;
  private final LongSupplier nanos;
  private final LargeAnswers large;

  /// @param nanos a time that only goes on
  Joining(RemoteRooms.Needs needs, LongSupplier nanos) {
    this.needs = needs;
    this.nanos = nanos;
    this.large = new LargeAnswers(nanos);
  }

  /// @param event the join, signed by this server
  /// @param pace is told how the join comes along
  Step send(Resident resident, Wish wish, MembershipTemplate.Sound template, Pdu event, Pace pace)
      throws InterruptedException {
    long began = System.nanoTime();
    try (LargeAnswers.Place place = large.place(pace);
        ArrivingRooms.Arrival _ = needs.arriving().begin(wish.room(), template.version())) {
      JoinAnswer answer = new JoinAnswer(wish.room(), template.version(), place);
      FederationReply reply = resident.sendJoin(event, answer, place.givenUp());
      if (!(reply instanceof FederationReply.Answer(_, ObjectNode _))) {
        return new Step.Failed(reply);
      }
      place.isHere();
      long answered = System.nanoTime();
      JoinCheck check = new JoinCheck(wish.room(), template.version(), answer, event, nanos);
      return switch (check.check(
          needs.client(), needs.keys(), resident.server(), template.authorising().isPresent())) {
        case JoinCheck.Checked.Unsound(String why) -> Step.Failed.because(why);
        case JoinCheck.Checked.Sound sound -> {
          long checked = System.nanoTime();
          Step step = store(wish, template, sound);
          LOG.log(
              Level.INFO,
              "join of {0} to {1} by {2}: {3} events, {4} ms to read, {5} to check, {6} to store",
              wish.user(),
              wish.room(),
              resident.server(),
              sound.events().size(),
              millis(answered - began),
              millis(checked - answered),
              millis(System.nanoTime() - checked));
          yield step;
        }
      };
    }
  }

  private static long millis(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(nanos);
  }

  private Step store(Wish wish, MembershipTemplate.Sound template, JoinCheck.Checked.Sound sound)
      throws InterruptedException {
    Pdu join = sound.join();
    // Where users of this server are in the room already, its own state counts.
    EventVerdict verdict =
        isHere(wish)
            ? ask(wish, template, sound, List.of(), Map.of())
            : new EventVerdict.Incomplete(Set.of(), Set.of(), Set.of());
    if (verdict instanceof EventVerdict.Incomplete) {
      verdict =
          sound.events().size() > PART && hasNeverBeenHere(wish)
              ? askInParts(wish, template, sound)
              : ask(wish, template, sound, sound.events(), Map.of(join.eventId(), sound.state()));
    }
    return switch (verdict) {
      case EventVerdict.Accepted _, EventVerdict.Known _ -> arrived(wish);
      case EventVerdict.SoftFailed _,
          EventVerdict.Rejected _,
          EventVerdict.Dropped _,
          EventVerdict.Incomplete _,
          EventVerdict.NotSigned _ -> {
        LOG.log(
            Level.WARNING,
            "the join of {0} to {1} passed all checks and is not taken in: {2}",
            wish.user(),
            wish.room(),
            verdict);
        yield Step.Failed.because("its join is not taken in here");
      }
    };
  }

  /// A server that has not heard yet how the user left makes a join that may come to nothing beside
  /// that. Another one may know more.
  private Step arrived(Wish wish) {
    return needs.rooms().isJoined(wish.room(), wish.user())
        ? new Step.Done()
        : Step.Failed.because("its join does not stand beside what is known of the room here");
  }

  private EventVerdict ask(
      Wish wish,
      MembershipTemplate.Sound template,
      JoinCheck.Checked.Sound sound,
      List<Pdu> outliers,
      Map<EventId, List<EventId>> states)
      throws InterruptedException {
    Pdu join = sound.join();
    RoomReply reply =
        needs
            .commands()
            .receive(
                new RoomInput.ReceiveEvents(
                    wish.room(),
                    template.version().id(),
                    Arrival.LIVE,
                    List.of(join),
                    outliers,
                    states,
                    sound.signers(),
                    Set.of()),
                PATIENCE);
    return verdict(join.eventId(), reply);
  }

  private boolean isHere(Wish wish) {
    return needs.peers().servers(wish.room()).contains(needs.here());
  }

  /// Whether nothing of the room is here, or what a join has left that came to nothing.
  private boolean hasNeverBeenHere(Wish wish) {
    return needs.rooms().room(wish.room()).isEmpty()
        || needs.rooms().forwardExtremities(wish.room()).isEmpty();
  }

  private EventVerdict askInParts(
      Wish wish, MembershipTemplate.Sound template, JoinCheck.Checked.Sound sound)
      throws InterruptedException {
    EventId join = sound.join().eventId();
    Set<EventId> state = Set.copyOf(sound.state());
    for (int from = 0; from < sound.events().size(); from += PART) {
      List<Pdu> part = sound.events().subList(from, Math.min(from + PART, sound.events().size()));
      Set<EventId> ids = part.stream().map(Pdu::eventId).collect(Collectors.toSet());
      Map<EventId, Set<ServerName>> signers = new HashMap<>();
      ids.forEach(each -> signers.put(each, sound.signers().getOrDefault(each, Set.of())));
      ids.retainAll(state);
      RoomReply reply =
          needs
              .commands()
              .ask(
                  new RoomInput.ReceiveRoom(
                      wish.room(), template.version().id(), part, ids, signers, from == 0, join),
                  PATIENCE);
      if (!(reply instanceof RoomReply.Received)) {
        return new EventVerdict.Dropped(reply.toString());
      }
    }
    return verdict(
        join,
        needs
            .commands()
            .ask(
                new RoomInput.EnterRoom(
                    wish.room(),
                    template.version().id(),
                    sound.join(),
                    sound.signers().getOrDefault(join, Set.of())),
                PATIENCE));
  }

  private static EventVerdict verdict(EventId join, RoomReply reply) {
    return reply instanceof RoomReply.Received received
        ? received.of(join)
        : new EventVerdict.Dropped(reply.toString());
  }
}
