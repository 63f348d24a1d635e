package org.hearth.server.writers.federationmembership.joining;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.LongSupplier;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.sign.LocalEvents;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.servers.room.PeerQueries;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.staging.ArrivingRooms;
import org.jspecify.annotations.Nullable;

/// Has users of this server join, knock on and leave rooms in which no user of this server is: by
/// asking the servers that are in them, one after the other.
///
/// A call returns when what was done is durable. What has begun goes on when its caller is
/// interrupted.
///
/// **thread**: any that may wait.
///
/// **bound**: servers that are asked ([Candidates#MOST]), and for how long another is tried
/// ([#TIME]); what is under way ([UnderWay#MOST]); large rooms, one at a time ([LargeAnswers]).
///
/// **source**: [Joining rooms](https://spec.matrix.org/v1.19/server-server-api/#joining-rooms),
/// [Knocking](https://spec.matrix.org/v1.19/server-server-api/#knocking-rooms), [Leaving
/// rooms](https://spec.matrix.org/v1.19/server-server-api/#leaving-rooms-rejecting-invites)
public final class RemoteRooms {
  /// After that no further server is asked: about as long as a client waits.
  static final Duration TIME = Duration.ofSeconds(60);

  /// How long the end of this server waits for what is under way.
  private static final Duration END = Duration.ofSeconds(20);

  /// This server stops.
  static final Result OVER =
      new Result.Refused(new MatrixException(503, Errcode.UNKNOWN, "The server is stopping"));

  /// "Servers MUST only allow guest users to join rooms if the `m.room.guest_access` state event is
  /// present on the room, and has the `guest_access` value `can_join`."
  private static final FederationReply NO_GUESTS =
      new FederationReply.Refused(
          403, Errcode.GUEST_ACCESS_FORBIDDEN.code(), "Guests may not join this room");

  private final Needs needs;
  private final Candidates candidates;
  private final LongSupplier nanos;
  private final UnderWay underWay;
  private final Joining joining;
  private final KnocksAndLeaves others;

  /// What it stands on.
  ///
  /// @param here this server's name
  /// @param client asks other servers
  /// @param keys those of all servers, this one among them
  /// @param commands has the Room Server take in what has come
  /// @param events makes and signs events
  /// @param arriving is told which rooms are on their way here
  public record Needs(
      ServerName here,
      FederationClient client,
      PeerEvents.Keys keys,
      RoomQueries rooms,
      PeerQueries peers,
      RoomClient commands,
      LocalEvents events,
      ArrivingRooms arriving,
      InstantSource clock) {}

  /// What came of it.
  public sealed interface Result {
    /// It is done.
    record Done() implements Result {}

    /// Users of this server are in the room by now: it is for the Room Server alone.
    record Here() implements Result {}

    /// Nobody did it.
    ///
    /// @param error what the client is told
    record Refused(MatrixException error) implements Result {}
  }

  /// What became of the request to one server.
  sealed interface Step {
    /// It is done.
    record Done() implements Step {}

    /// Another server may do it.
    record Failed(FederationReply reply) implements Step {
      static Failed because(String why) {
        return new Failed(new FederationReply.Unintelligible(why));
      }
    }
  }

  public RemoteRooms(Needs needs) {
    this(needs, System::nanoTime);
  }

  /// @param nanos a time that only goes on
  RemoteRooms(Needs needs, LongSupplier nanos) {
    this.needs = needs;
    this.nanos = nanos;
    this.candidates = new Candidates(needs.here(), needs.rooms(), needs.peers());
    this.underWay = new UnderWay(nanos);
    this.joining = new Joining(needs, nanos);
    this.others = new KnocksAndLeaves(needs);
  }

  /// Whether users of this server are in the room.
  public boolean isHere(RoomId room) {
    return needs.peers().servers(room).contains(needs.here());
  }

  /// Has a user join a room in which no user of this server is.
  ///
  /// @param content of the member event, beside `membership`; nobody changes it
  /// @param through servers that may be in the room, the likeliest first
  /// @throws MatrixException if it cannot be tried
  /// @throws InterruptedException if the caller was interrupted; it goes on
  public Result join(RoomId room, UserId user, ObjectNode content, List<ServerName> through)
      throws InterruptedException {
    return run(new Wish(Handshake.JOIN, room, user, content), through, false);
  }

  /// Has a guest join a room in which no user of this server is, if a server that is in the room
  /// says that it lets guests in. Should the room not do so, the guest leaves it at once: that is
  /// seen as soon as its state is here.
  ///
  /// @param content as of [#join]
  /// @param through as of [#join]
  /// @throws MatrixException if it cannot be tried
  /// @throws InterruptedException if the caller was interrupted; it goes on
  public Result joinAsGuest(RoomId room, UserId user, ObjectNode content, List<ServerName> through)
      throws InterruptedException {
    return run(new Wish(Handshake.JOIN, room, user, content, true), through, false);
  }

  /// Has a user join a room in which users of this server are, none of whom may authorise that.
  ///
  /// @param content as of [#join]
  /// @param through as of [#join]
  /// @throws MatrixException if it cannot be tried
  /// @throws InterruptedException if the caller was interrupted; it goes on
  public Result joinAuthorisedElsewhere(
      RoomId room, UserId user, ObjectNode content, List<ServerName> through)
      throws InterruptedException {
    return run(new Wish(Handshake.JOIN, room, user, content), through, true);
  }

  /// Has a user knock on a room in which no user of this server is.
  ///
  /// @param content as of [#join]
  /// @param through as of [#join]
  /// @throws MatrixException if it cannot be tried
  /// @throws InterruptedException if the caller was interrupted; it goes on
  public Result knock(RoomId room, UserId user, ObjectNode content, List<ServerName> through)
      throws InterruptedException {
    return run(new Wish(Handshake.KNOCK, room, user, content), through, false);
  }

  /// Has a user decline an invitation to a room in which no user of this server is, or take back a
  /// knock. When no server takes that, only the user knows of it.
  ///
  /// @param content as of [#join]
  /// @throws MatrixException if it cannot be tried
  /// @throws InterruptedException if the caller was interrupted; it goes on
  public Result leave(RoomId room, UserId user, ObjectNode content) throws InterruptedException {
    return run(new Wish(Handshake.LEAVE, room, user, content), List.of(), false);
  }

  private Result run(Wish wish, List<ServerName> through, boolean evenHere)
      throws InterruptedException {
    return underWay.run(wish, pace -> perform(wish, through, evenHere, pace));
  }

  private Result perform(Wish wish, List<ServerName> through, boolean evenHere, Pace pace)
      throws InterruptedException {
    // Another user's join may have come first.
    if (needs.rooms().isJoined(wish.room(), wish.user())) {
      return wish.handshake() == Handshake.JOIN ? new Result.Done() : new Result.Here();
    }
    if (!evenHere && isHere(wish.room())) {
      return new Result.Here();
    }
    Refusals refusals = new Refusals(wish);
    long end = nanos.getAsLong() + TIME.toNanos();
    try {
      for (ServerName server : candidates.of(wish, through)) {
        if (underWay.isEnding()) {
          return OVER;
        }
        if (nanos.getAsLong() - end > 0) {
          break;
        }
        Resident resident = new Resident(server, wish, needs.client(), underWay);
        @Nullable FederationReply failed =
            switch (ask(resident, wish, pace)) {
              case Step.Done() -> null;
              case Step.Failed(FederationReply reply) -> reply;
            };
        if (failed == null) {
          return new Result.Done();
        }
        if (refusals.add(server, failed)) {
          break;
        }
      }
      return wish.handshake() == Handshake.LEAVE
          ? others.leaveForOurselves(wish)
          : new Result.Refused(refusals.error());
    } catch (MatrixException e) {
      return new Result.Refused(e);
    }
  }

  private Step ask(Resident resident, Wish wish, Pace pace) throws InterruptedException {
    if (wish.guest() && !resident.letsGuestsIn()) {
      return new Step.Failed(NO_GUESTS);
    }
    FederationReply made = resident.make();
    if (!(made instanceof FederationReply.Answer(_, ObjectNode answer))) {
      return new Step.Failed(made);
    }
    long now = needs.clock().millis();
    return switch (MembershipTemplate.read(answer, resident.server(), wish, now)) {
      case MembershipTemplate.Malformed(String why) -> Step.Failed.because(why);
      case MembershipTemplate.Sound template
          when needs.rooms().room(wish.room()).stream()
              .anyMatch(each -> !each.version().equals(template.version())) ->
          Step.Failed.because("the room has another version here, and a room has one for ever");
      case MembershipTemplate.Sound template -> {
        // Signed anew from what this server knows; nothing of the template is signed as it came.
        Pdu event = needs.events().make(template.draft(), template.links(), template.version());
        yield switch (wish.handshake()) {
          case JOIN -> joining.send(resident, wish, template, event, pace);
          case KNOCK -> others.knock(resident, wish, event);
          case LEAVE -> others.leave(resident, wish, event);
        };
      }
    };
  }

  /// Ends what is under way.
  ///
  /// @throws InterruptedException if the caller was interrupted
  public void stop() throws InterruptedException {
    underWay.end(END);
  }
}
