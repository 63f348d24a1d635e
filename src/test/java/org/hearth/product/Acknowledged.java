package org.hearth.product;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/// What clients have asked for and what they were told was done.
///
/// **thread**: any.
final class Acknowledged {
  /// A request with a transaction id, which may be sent again.
  ///
  /// @param path with the transaction id
  /// @param body the text of the message; for a redaction the event it is of
  record Sent(MatrixHttp sender, String room, String path, String body, boolean redaction) {}

  /// Requests under way or without an answer.
  private final Set<Sent> open = ConcurrentHashMap.newKeySet();

  private final Map<Sent, String> events = new ConcurrentHashMap<>();
  private final Set<String> states = ConcurrentHashMap.newKeySet();
  private final Map<String, Optional<MatrixHttp>> accounts = new ConcurrentHashMap<>();
  private final Map<String, List<MatrixHttp>> members = new ConcurrentHashMap<>();
  private final Set<UnderFire> acted = ConcurrentHashMap.newKeySet();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();

  void begins(Sent sent) {
    open.add(sent);
  }

  void ends(Sent sent, String event) {
    events.put(sent, event);
    open.remove(sent);
  }

  void stateIsSet(String event) {
    states.add(event);
  }

  void registers(String name) {
    accounts.put(name, Optional.empty());
  }

  void isRegistered(String name, MatrixHttp client) {
    accounts.put(name, Optional.of(client));
  }

  void areIn(String room, List<MatrixHttp> clients) {
    members.put(room, clients);
  }

  void hasActed(UnderFire box) {
    acted.add(box);
  }

  void failed(Throwable failure) {
    failures.add(String.valueOf(failure));
  }

  Set<Sent> open() {
    return open;
  }

  /// Request → event id.
  Map<Sent, String> events() {
    return events;
  }

  /// Events that set state.
  Set<String> states() {
    return states;
  }

  /// Name → the account's client; none if there was no answer.
  Map<String, Optional<MatrixHttp>> accounts() {
    return accounts;
  }

  /// Room → clients whose joining was acknowledged.
  Map<String, List<MatrixHttp>> members() {
    return members;
  }

  /// The boxes of which something was asked and acknowledged.
  Set<UnderFire> acted() {
    return acted;
  }

  /// What no killed server explains.
  Queue<String> failures() {
    return failures;
  }

  int count() {
    return events.size() + states.size() + members.size();
  }
}
