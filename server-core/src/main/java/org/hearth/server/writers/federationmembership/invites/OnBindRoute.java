package org.hearth.server.writers.federationmembership.invites;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.System.Logger.Level;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.hearth.server.http.Access;
import org.hearth.server.http.Fields;
import org.hearth.server.http.HttpMethod;
import org.hearth.server.http.RateClass;
import org.hearth.server.http.Request;
import org.hearth.server.http.Response;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.Routes;
import org.hearth.server.logs.RoomInput;
import org.hearth.server.matrix.auth.Membership;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.event.EventTypes;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.outbound.federation.FederationReply;
import org.hearth.server.outbound.federation.FederationRequest;
import org.hearth.server.servers.room.RoomClient;
import org.hearth.server.servers.room.RoomEvent;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.account.AccountQueries;

/// Takes from an identity server that a user of this server has bound an address to which others
/// have sent invitations, and has these made into invitations of the user.
///
/// Anybody may say so. What it says is signed by the identity server, which the room's rules look
/// at; here it sets other servers to work, so that it is bounded: [#MOST_INVITES] a request, and
/// [#MOST_REQUESTS] requests at the same time.
///
/// **thread**: any that may wait.
///
/// **source**: [Third-party invites][invites].
///
/// [invites]: https://spec.matrix.org/v1.19/server-server-api/#third-party-invites
public final class OnBindRoute implements RouteGroup {
  static final int MOST_INVITES = 10;
  static final int MOST_REQUESTS = 4;

  private static final System.Logger LOG = System.getLogger(OnBindRoute.class.getName());
  private static final Duration TIME = Duration.ofSeconds(20);
  private static final Duration LATER = Duration.ofSeconds(30);
  private static final int ANSWER_BYTES = 64 << 10;

  private final ServerName here;
  private final FederationClient federation;
  private final RoomQueries rooms;
  private final RoomClient commands;
  private final AccountQueries accounts;
  private final Semaphore requests = new Semaphore(MOST_REQUESTS);

  public OnBindRoute(
      ServerName here,
      FederationClient federation,
      RoomQueries rooms,
      RoomClient commands,
      AccountQueries accounts) {
    this.here = here;
    this.federation = federation;
    this.rooms = rooms;
    this.commands = commands;
    this.accounts = accounts;
  }

  @Override
  public void register(Routes routes) {
    routes.add(
        HttpMethod.PUT,
        "/_matrix/federation/v1/3pid/onbind",
        Access.NONE,
        RateClass.MEMBERSHIP,
        this::bound);
  }

  /// An invitation of whoever has an address.
  ///
  /// @param signed what the identity server has signed: the user's id and the token of the
  ///   invitation
  private record Pending(RoomId room, UserId sender, UserId user, String token, ObjectNode signed) {
    /// The content of the member event.
    ///
    /// @param displayName by which the room knows the address
    ObjectNode content(String displayName) {
      ObjectNode content = JsonNodeFactory.instance.objectNode();
      content
          .putObject("third_party_invite")
          .put("display_name", displayName)
          .set("signed", signed);
      return content;
    }
  }

  private Response bound(Request request) throws InterruptedException {
    Fields body = Fields.of(request.json());
    UserId user = UserId.parse(body.string("mxid"));
    if (!user.isOn(here) || !accounts.isActive(user)) {
      throw MatrixException.forbidden("There is no such user on this server");
    }
    List<Fields> given = body.objects("invites");
    if (given.size() > MOST_INVITES) {
      throw MatrixException.invalidParam("At most %d invites".formatted(MOST_INVITES));
    }
    List<Pending> pending = given.stream().map(each -> pending(each, user)).toList();
    if (!requests.tryAcquire()) {
      throw MatrixException.limitExceeded(LATER);
    }
    try {
      for (Pending each : pending) {
        attempt(each);
      }
    } finally {
      requests.release();
    }
    return Response.empty();
  }

  private static Pending pending(Fields invite, UserId user) {
    Fields signed = invite.object("signed");
    var _ = signed.object("signatures");
    if (!signed.string("mxid").equals(user.value())) {
      throw MatrixException.invalidParam("An invite is signed for another user");
    }
    return new Pending(
        RoomId.parse(invite.string("room_id")),
        UserId.parse(invite.string("sender")),
        user,
        signed.string("token"),
        signed.json());
  }

  /// One that fails is not in the way of the others.
  private void attempt(Pending invite) throws InterruptedException {
    try {
      if (invite.sender().isOn(here)) {
        inviteHere(invite);
      } else {
        inviteThere(invite);
      }
    } catch (MatrixException e) {
      LOG.log(Level.DEBUG, "{0} is not invited: {1}", invite.user(), e.getMessage());
    }
  }

  /// "If the invited homeserver is in the room the invite came from, it can auth the event and send
  /// it."
  private void inviteHere(Pending invite) throws InterruptedException {
    Optional<RoomEvent> there =
        rooms
            .currentState(invite.room())
            .flatMap(
                state -> state.event(new StateKey(EventTypes.THIRD_PARTY_INVITE, invite.token())))
            .filter(event -> event.sender().equals(invite.sender()));
    if (there.isPresent()) {
      var _ =
          commands.perform(
              new RoomInput.ChangeMembership(
                  invite.room(),
                  invite.sender(),
                  invite.user(),
                  Membership.INVITE,
                  invite.content(there.get().pdu().content().path("display_name").asText()),
                  Set.of(),
                  null));
    }
  }

  /// "However, if the invited homeserver isn't in the room the invite came from, it will need to
  /// request the room's homeserver to auth the event." Only the server of who has invited can sign
  /// that, also where this one is in the room.
  private void inviteThere(Pending invite) throws InterruptedException {
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event.put("type", EventTypes.MEMBER);
    event.put("room_id", invite.room().value());
    event.put("sender", invite.sender().value());
    event.put("state_key", invite.user().value());
    event.set(
        "content",
        invite.content(invite.user().value()).put("membership", Membership.INVITE.value()));
    String target =
        "/_matrix/federation/v1/exchange_third_party_invite/"
            + URLEncoder.encode(invite.room().value(), StandardCharsets.UTF_8);
    FederationReply reply =
        federation.send(
            FederationRequest.put(invite.sender().server(), target, event)
                .withAnswer(ANSWER_BYTES, TIME));
    if (!(reply instanceof FederationReply.Answer)) {
      LOG.log(
          Level.DEBUG,
          "{0} does not invite {1}: {2}",
          invite.sender().server(),
          invite.user(),
          reply.words());
    }
  }
}
