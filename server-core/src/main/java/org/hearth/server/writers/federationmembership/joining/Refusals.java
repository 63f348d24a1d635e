package org.hearth.server.writers.federationmembership.joining;

import com.fasterxml.jackson.databind.node.TextNode;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.outbound.federation.FederationReply;

/// Why servers did not let a user in: what the client is told at the end.
///
/// A client is told what a peer says only of the kinds of which it may know: an error about tokens,
/// for one, would have it believe that its own is gone. The log has all of it.
///
/// **thread**: one.
final class Refusals {
  private static final System.Logger LOG = System.getLogger(Refusals.class.getName());
  private static final int BAD_REQUEST = 400;
  private static final int BAD_GATEWAY = 502;
  private static final Pattern ERRCODE = Pattern.compile("[A-Z0-9_.]{1,100}");
  private static final Set<Errcode> NOT_PASSED_ON =
      EnumSet.of(
          Errcode.UNRECOGNIZED,
          Errcode.MISSING_TOKEN,
          Errcode.UNKNOWN_TOKEN,
          Errcode.UNAUTHORIZED,
          Errcode.USER_LOCKED,
          Errcode.USER_SUSPENDED,
          Errcode.USER_DEACTIVATED,
          Errcode.LIMIT_EXCEEDED,
          Errcode.INVALID_PARAM,
          Errcode.MISSING_PARAM);

  /// "A room version is defined as a string of characters which MUST NOT exceed 32 codepoints in
  /// length. Room versions MUST NOT be empty and MUST contain only the characters `a-z`, `0-9`,
  /// `.`, and `-`."
  private static final Pattern VERSION = Pattern.compile("[a-z0-9.-]{1,32}");

  private final Wish wish;
  private final List<Refusal> all = new ArrayList<>();

  /// @param status with which a resident refused; 0 if there is none to pass on
  /// @param errcode that a resident gave; empty if there is none to pass on
  /// @param version of the room, that this server does not know; empty if none is named
  /// @param told to the client, in words that go on after the server's name
  private record Refusal(
      ServerName server, int status, String errcode, String error, String version, String told) {
    private static Refusal because(ServerName server, String told) {
      return new Refusal(server, 0, "", "", "", told);
    }
  }

  Refusals(Wish wish) {
    this.wish = wish;
  }

  /// A server has not done what was asked.
  ///
  /// @return whether no other server will do it either
  boolean add(ServerName server, FederationReply reply) {
    LOG.log(
        Level.INFO,
        "{0} of {1} to {2} by {3} came to nothing, because {4}",
        wish.handshake(),
        wish.user(),
        wish.room(),
        server,
        reply.words());
    Refusal refusal =
        switch (reply) {
          case FederationReply.Refused(
                  int status,
                  String errcode,
                  String error,
                  String version,
                  _) ->
              new Refusal(server, status, errcode, error, version, "refused");
          case FederationReply.NotAllowed _ ->
              Refusal.because(server, "is not talked to by this server");
          case FederationReply.Unintelligible _, FederationReply.Answer _ ->
              Refusal.because(server, "gave an answer that cannot be used");
          case FederationReply.NotReached _, FederationReply.LeftAlone _ ->
              Refusal.because(server, "could not be reached");
        };
    all.add(refusal);
    return switch (wish.handshake()) {
      case JOIN, KNOCK ->
          is(refusal, Errcode.FORBIDDEN) || is(refusal, Errcode.INCOMPATIBLE_ROOM_VERSION);
      // Who is no longer in the room forbids it.
      case LEAVE -> false;
    };
  }

  private static boolean is(Refusal refusal, Errcode errcode) {
    return refusal.errcode().equals(errcode.code());
  }

  /// What the client is told.
  MatrixException error() {
    for (Errcode each :
        List.of(
            Errcode.FORBIDDEN,
            Errcode.GUEST_ACCESS_FORBIDDEN,
            Errcode.INCOMPATIBLE_ROOM_VERSION,
            Errcode.UNABLE_TO_GRANT_JOIN,
            Errcode.UNABLE_TO_AUTHORISE_JOIN)) {
      Optional<Refusal> first = all.stream().filter(refusal -> is(refusal, each)).findFirst();
      if (first.isPresent()) {
        // "The error should be passed through to clients so that they may give better feedback to
        // users."
        String error = first.get().error();
        MatrixException told =
            new MatrixException(each, error.isBlank() ? "The room's server refused" : error);
        // "Inspect the `room_version` property of the error response for the room's version."
        String version = first.get().version();
        return each == Errcode.INCOMPATIBLE_ROOM_VERSION && VERSION.matcher(version).matches()
            ? told.with("room_version", TextNode.valueOf(version))
            : told;
      }
    }
    boolean unknown =
        all.stream()
            .allMatch(
                each -> is(each, Errcode.NOT_FOUND) || each.told().startsWith("is not talked to"));
    if (unknown) {
      return MatrixException.notFound(
          all.isEmpty()
              ? "There is no such room on this server, and no other server in it is known"
              : "There is no such room on this server, and not on " + servers());
    }
    // The 400 of `make_join`: "The request is invalid [...]. The error should be passed through to
    // clients so that they may give better feedback to users."
    Optional<Refusal> invalid = all.stream().filter(Refusals::mayBePassedOn).findFirst();
    if (invalid.isPresent()) {
      String error = invalid.get().error();
      return new MatrixException(
          BAD_REQUEST,
          invalid.get().errcode(),
          error.isBlank() ? "The room's server refused" : error,
          Map.of());
    }
    return new MatrixException(
        BAD_GATEWAY,
        Errcode.UNKNOWN,
        "No server could do it: "
            + all.stream()
                .map(each -> each.server() + " " + each.told())
                .collect(Collectors.joining(", ")));
  }

  /// Not what is about the request of this server to that one, of which the client can do nothing,
  /// nor what would tell the client that it is logged out.
  private static boolean mayBePassedOn(Refusal refusal) {
    return refusal.status() == BAD_REQUEST
        && ERRCODE.matcher(refusal.errcode()).matches()
        && NOT_PASSED_ON.stream().noneMatch(each -> is(refusal, each));
  }

  private String servers() {
    return all.stream().map(each -> each.server().value()).collect(Collectors.joining(", "));
  }
}
