package org.hearth.server.services.account;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.hearth.server.matrix.id.UserId;
import org.jspecify.annotations.Nullable;

/// One attempt to do something that needs the user's authentication, over several requests. Kept in
/// memory only: what is in it may be secret, and a client whose session is lost starts anew.
///
/// **thread**: any; requests on one session take turns, and what they do is done in the turn, so a
/// finished session is good for one thing once. Its fields are guarded by itself.
final class UiaSession {
  private final String id;
  private final String operation;
  private final @Nullable UserId user;
  private final List<List<String>> flows;
  private ObjectNode parameters;
  private final Set<String> completed = new LinkedHashSet<>();
  private @Nullable UserId authenticated;
  private @Nullable String registrationToken;
  private boolean over;
  private final ReentrantLock turn = new ReentrantLock();

  /// @param operation what is to be done: method and path
  /// @param user whose token was shown; null for none
  /// @param flows lists of stages, one of which must be completed in its order
  /// @param parameters the body of the first request without `auth`
  UiaSession(
      String id,
      String operation,
      @Nullable UserId user,
      List<List<String>> flows,
      ObjectNode parameters) {
    this.id = id;
    this.operation = operation;
    this.user = user;
    this.flows = flows;
    this.parameters = parameters;
  }

  String id() {
    return id;
  }

  /// The user who must prove their identity; null if the stage finds out who it is.
  @Nullable UserId user() {
    return user;
  }

  List<List<String>> flows() {
    return flows;
  }

  boolean isFor(String otherOperation, @Nullable UserId otherUser) {
    return operation.equals(otherOperation) && Objects.equals(user, otherUser);
  }

  synchronized ObjectNode parameters() {
    return parameters;
  }

  synchronized void setParameters(ObjectNode others) {
    parameters = others;
  }

  synchronized List<String> completed() {
    return List.copyOf(completed);
  }

  synchronized boolean hasCompleted(String stage) {
    return completed.contains(stage);
  }

  /// Whether the stage comes next in one of the flows.
  synchronized boolean isNext(String stage) {
    List<String> with = new ArrayList<>(completed);
    with.add(stage);
    return flows.stream()
        .anyMatch(flow -> flow.size() >= with.size() && flow.subList(0, with.size()).equals(with));
  }

  synchronized void complete(String stage) {
    completed.add(stage);
  }

  /// Whether a whole flow is completed.
  synchronized boolean isDone() {
    return flows.stream().anyMatch(flow -> flow.equals(List.copyOf(completed)));
  }

  /// Who has shown their password; null when nobody has.
  synchronized @Nullable UserId authenticated() {
    return authenticated;
  }

  synchronized void setAuthenticated(UserId who) {
    authenticated = who;
  }

  /// The registration token of which this holds a use; null for none.
  synchronized @Nullable String registrationToken() {
    return registrationToken;
  }

  /// Holds a use of a registration token until the session is over.
  ///
  /// @return false if it is over already
  synchronized boolean hold(String token) {
    if (!over) {
      registrationToken = token;
    }
    return !over;
  }

  /// Does that when no other request is at work on the session.
  <T> T inTurn(Supplier<T> action) {
    turn.lock();
    try {
      return action.get();
    } finally {
      turn.unlock();
    }
  }

  synchronized boolean isOver() {
    return over;
  }

  /// From now on the session is good for nothing.
  ///
  /// @return the registration token of which it held a use
  synchronized Optional<String> end() {
    over = true;
    Optional<String> held = Optional.ofNullable(registrationToken);
    registrationToken = null;
    return held;
  }
}
