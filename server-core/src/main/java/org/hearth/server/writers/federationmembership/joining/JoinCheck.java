package org.hearth.server.writers.federationmembership.joining;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.hearth.server.matrix.auth.AuthRules;
import org.hearth.server.matrix.auth.AuthState;
import org.hearth.server.matrix.auth.AuthVerdict;
import org.hearth.server.matrix.auth.KnownEvents;
import org.hearth.server.matrix.auth.SignedBy;
import org.hearth.server.matrix.checks.Outcome;
import org.hearth.server.matrix.checks.ReceiptChecks;
import org.hearth.server.matrix.checks.ServerKeys;
import org.hearth.server.matrix.checks.WantedKey;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.PduFormat;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.version.RoomRule;
import org.hearth.server.matrix.version.RoomVersion;
import org.hearth.server.outbound.events.CheckedEvents;
import org.hearth.server.outbound.events.PeerEvents;
import org.hearth.server.outbound.federation.FederationClient;
import org.jspecify.annotations.Nullable;

/// Checks everything that a resident server has answered to a join, before any of it is stored: a
/// resident may be wrong, or lie.
///
/// An event that fails for itself (its signature, the rules) is left out, as it would be if it came
/// alone. What the answer as a whole must have makes it worthless: the create event of that room and
/// version, each state key once, our own event unchanged, and a state that lets our user join.
///
/// **thread**: one that may wait; a check lives for one answer.
///
/// **source**: [Checks performed on receipt of a PDU][checks]
///
/// [checks]: https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu
final class JoinCheck {
  /// What events that are trees take in memory at a time.
  private static final long TREES_BYTES = 16 << 20;

  /// What events that others cite take as trees, which are kept while they are cited.
  private static final long CITED_BYTES = 16 << 20;

  /// An event that so many others cite is worth to be kept as a tree.
  private static final int OFTEN = 8;

  /// Longer than whoever finds the keys takes.
  private static final Duration KEYS_PATIENCE = Duration.ofSeconds(25);

  /// After that keys are looked for no more: other large answers wait meanwhile.
  static final Duration KEYS_TIME = Duration.ofSeconds(30);

  /// So often keys are looked for.
  private static final int MOST_ROUNDS = 6;

  private final RoomId room;
  private final RoomVersion version;
  private final JoinAnswer answer;
  private final Pdu ours;
  private final LongSupplier nanos;
  private final Map<EventId, Set<ServerName>> signers = new HashMap<>();
  private final Map<EventId, Boolean> rejected = new HashMap<>();
  private final Map<EventId, Integer> citations = new HashMap<>();

  /// The one cited longest ago first.
  private final Map<EventId, Pdu> cited = new LinkedHashMap<>(16, 0.75f, true);

  private long citedBytes;
  private @Nullable EventId create;

  /// What came of it.
  sealed interface Checked {
    /// All of it may go to the Room Server.
    ///
    /// @param join our event as the resident has signed it, too
    /// @param events state and auth chain, each after those that it cites
    /// @param state which of them are the state before the join
    /// @param signers who has signed each
    record Sound(
        Pdu join, List<Pdu> events, List<EventId> state, Map<EventId, Set<ServerName>> signers)
        implements Checked {}

    /// The resident is not to be believed.
    record Unsound(String why) implements Checked {}
  }

  /// @param ours the join as it was sent
  /// @param nanos a time that only goes on
  JoinCheck(RoomId room, RoomVersion version, JoinAnswer answer, Pdu ours, LongSupplier nanos) {
    this.nanos = nanos;
    this.room = room;
    this.version = version;
    this.answer = answer;
    this.ours = ours;
  }

  /// Checks it all.
  ///
  /// @param resident who must have signed a restricted join
  /// @throws InterruptedException if the caller was interrupted
  Checked check(
      FederationClient client, PeerEvents.Keys keys, ServerName resident, boolean restricted)
      throws InterruptedException {
    Optional<String> fault = answer.fault();
    if (fault.isPresent()) {
      return new Checked.Unsound(fault.get());
    }
    Optional<Pdu> signed = givenBack(resident, restricted);
    if (signed.isEmpty()) {
      return new Checked.Unsound("the event that it gives back is not the one that it was sent");
    }
    Optional<String> unsoundState = checkStateKeys();
    if (unsoundState.isPresent()) {
      return new Checked.Unsound(unsoundState.get());
    }

    // Checks 1 to 3. The keys are asked for all at once, so that servers that do not answer are
    // waited for once, and then a few events at a time are trees in memory. Before that, those
    // without which there is no room: its other servers may be thousands that are gone, and the
    // time that they are waited for together may be over before these have their turn.
    long end = nanos.getAsLong() + KEYS_TIME.toNanos();
    var _ = find(keys, answer.wantedKeys(needed(signed.get())));
    ServerKeys found = findAll(keys, answer.wantedKeys(), end);
    verify(new PeerEvents(client, _ -> CompletableFuture.completedFuture(found)));
    CheckedEvents join =
        new PeerEvents(client, keys).check(room, version, List.of(signed.get().json()));
    if (join.events().size() != 1 || !join.events().getFirst().json().equals(signed.get().json())) {
      return new Checked.Unsound("the join is not signed as it must be");
    }
    Pdu event = join.events().getFirst();
    Set<ServerName> joinSigners = join.signers().getOrDefault(event.eventId(), Set.of());
    if (restricted && !joinSigners.contains(resident)) {
      return new Checked.Unsound("it has not signed the join that it authorises");
    }

    // Check 4, of each event by those that it cites.
    if (!isCreateEventSound()) {
      return new Checked.Unsound("it has no create event of that room and version");
    }
    List<Pdu> sorted = judge();
    Map<StateKey, EventId> state = new LinkedHashMap<>();
    for (EventId id : answer.state()) {
      Pdu known = answer.events().get(id);
      if (known != null && Boolean.FALSE.equals(rejected.get(id))) {
        known.stateKeyPair().ifPresent(key -> state.put(key, id));
      }
    }
    if (!state.containsValue(create)) {
      return new Checked.Unsound("its create event is not in the state");
    }

    // Checks 4 and 5 of our own event: "Passes authorisation rules based on the event's auth
    // events, otherwise it is rejected. Passes authorisation rules based on the state before the
    // event".
    SignedBy by = SignedBy.servers(joinSigners);
    if (ReceiptChecks.judgeByAuthEvents(event, by, this::known) instanceof Outcome.Rejected no) {
      return new Checked.Unsound("its auth events do not let the user join: " + no.rule());
    }
    AuthState before = key -> Optional.ofNullable(state.get(key)).flatMap(this::event);
    if (AuthRules.check(event, before, by) instanceof AuthVerdict.Rejected(var rule, _)) {
      return new Checked.Unsound("its state does not let the user join: " + rule);
    }
    signers.put(event.eventId(), joinSigners);
    keepTrees(sorted);
    return new Checked.Sound(event, sorted, List.copyOf(state.values()), signers);
  }

  /// Our event, of a restricted join with what the resident has signed it by; empty if another
  /// event was given back.
  private Optional<Pdu> givenBack(ServerName resident, boolean restricted) {
    Optional<ObjectNode> given = answer.event();
    if (given.isEmpty()) {
      return Optional.of(ours);
    }
    ObjectNode theirs = given.get().deepCopy();
    // Read like theirs, so that equal numbers are equal nodes.
    ObjectNode own = MatrixJson.parseObject(ours.canonicalBytes());
    var signed = theirs.path("signatures").get(resident.value());
    for (ObjectNode each : List.of(theirs, own)) {
      var _ = each.remove(List.of("signatures", "unsigned"));
    }
    if (!theirs.equals(own)) {
      return Optional.empty();
    }
    if (!restricted) {
      // No rule asks for that signature, so it would never be checked.
      return Optional.of(ours);
    }
    ObjectNode whole = ours.json().deepCopy();
    if (signed instanceof ObjectNode signatures
        && whole.get("signatures") instanceof ObjectNode all) {
      all.set(resident.value(), signatures);
    }
    return PduFormat.read(whole, version) instanceof PduFormat.Valid(Pdu read)
        ? Optional.of(read)
        : Optional.empty();
  }

  /// What makes the room and lets the user in: the state but for its members, and what authorises
  /// the join.
  private Set<EventId> needed(Pdu join) {
    Set<EventId> needed = new HashSet<>(join.authEvents());
    for (EventId id : answer.state()) {
      Pdu event = answer.events().get(id);
      if (event != null && !event.isMember()) {
        needed.add(id);
      }
    }
    return needed;
  }

  /// The state has each key once; a second create event would be one.
  private Optional<String> checkStateKeys() {
    Set<StateKey> keys = new HashSet<>();
    for (EventId id : answer.state()) {
      Pdu event = answer.events().get(id);
      Optional<StateKey> key = event == null ? Optional.empty() : event.stateKeyPair();
      if (key.isEmpty()) {
        return Optional.of("its state has an event that is no state");
      }
      if (!keys.add(key.get())) {
        return Optional.of("its state has a key twice");
      }
    }
    return Optional.empty();
  }

  /// Looks for keys as long as more are found and there is time: of a thousand servers not all have
  /// had their turn when the first look is over, and who is left out of the state for want of a key
  /// is not heard here.
  private ServerKeys findAll(PeerEvents.Keys keys, Set<WantedKey> wanted, long end)
      throws InterruptedException {
    ServerKeys found = find(keys, wanted);
    Set<WantedKey> missing = missing(wanted, found);
    for (int round = 1;
        round < MOST_ROUNDS && !missing.isEmpty() && nanos.getAsLong() - end < 0;
        round++) {
      ServerKeys before = found;
      ServerKeys more = find(keys, missing);
      Set<WantedKey> still = missing(missing, more);
      if (still.size() == missing.size()) {
        break;
      }
      found = (server, key) -> more.find(server, key).or(() -> before.find(server, key));
      missing = still;
    }
    return found;
  }

  private static Set<WantedKey> missing(Set<WantedKey> wanted, ServerKeys found) {
    return wanted.stream()
        .filter(each -> found.find(each.server(), each.key()).isEmpty())
        .collect(Collectors.toSet());
  }

  private static ServerKeys find(PeerEvents.Keys keys, Set<WantedKey> wanted)
      throws InterruptedException {
    try {
      return keys.keys(wanted).get(KEYS_PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (TimeoutException _) {
      return (_, _) -> Optional.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException("keys cannot be looked for", e.getCause());
    }
  }

  private void verify(PeerEvents checks) throws InterruptedException {
    Map<ServerName, Set<ServerName>> alone = new HashMap<>();
    Iterator<Pdu> all = List.copyOf(answer.events().values()).iterator();
    while (all.hasNext()) {
      List<ObjectNode> trees = new ArrayList<>();
      long bytes = 0;
      while (all.hasNext() && bytes < TREES_BYTES) {
        Pdu event = all.next();
        bytes += event.memoryBytes();
        trees.add(event.json());
        answer.events().remove(event.eventId());
      }
      CheckedEvents checked = checks.check(room, version, trees);
      for (Pdu event : checked.events()) {
        answer.events().put(event.eventId(), event.packed());
        Set<ServerName> by = checked.signers().getOrDefault(event.eventId(), Set.of());
        // Nearly all are signed by one server, and by few servers many.
        signers.put(
            event.eventId(),
            by.size() == 1 ? alone.computeIfAbsent(by.iterator().next(), Set::of) : by);
      }
    }
  }

  /// The state has a create event, of this room and in its version.
  private boolean isCreateEventSound() {
    for (EventId id : answer.state()) {
      Pdu event = answer.events().get(id);
      if (event != null && event.isCreate()) {
        create = id;
        // "`room_version`: The version of the room. Defaults to "1" if the key does not exist."
        return event
            .content()
            .path("room_version")
            .asText(MembershipTemplate.UNNAMED_VERSION)
            .equals(version.id());
      }
    }
    return false;
  }

  /// Judges each event after those that it cites. In rooms of versions 1 and 2 events may cite each
  /// other in a circle; then some are judged before what they cite, and rejected.
  ///
  /// @return those that are not rejected
  @SuppressWarnings("ThreadPriorityCheck") // fairness only depends on the scheduler
  private List<Pdu> judge() {
    List<Pdu> sound = new ArrayList<>(answer.events().size());
    Set<EventId> begun = new HashSet<>();
    Deque<EventId> open = new ArrayDeque<>();
    List<EventId> starts = new ArrayList<>();
    if (version.has(RoomRule.ROOM_ID_IS_CREATE_HASH) && create != null) {
      // Every event needs it, and none cites it.
      starts.add(create);
    }
    starts.addAll(answer.events().keySet());
    for (EventId start : starts) {
      open.push(start);
      while (!open.isEmpty()) {
        Pdu event = answer.events().get(open.peek());
        if (event == null) {
          open.pop();
        } else if (begun.add(event.eventId())) {
          event.authEvents().stream().filter(each -> !begun.contains(each)).forEach(open::push);
        } else {
          open.pop();
          if (!rejected.containsKey(event.eventId())) {
            boolean isSound = judge(event);
            // Virtual threads are not put aside for others: requests of users have their turn.
            Thread.yield();
            rejected.put(event.eventId(), !isSound);
            if (isSound) {
              sound.add(event);
            }
          }
        }
      }
    }
    return sound;
  }

  /// Events that many others cite are trees from here on: whoever judges those asks for them again
  /// and again.
  private void keepTrees(List<Pdu> sound) {
    long bytes = 0;
    for (int i = 0; i < sound.size() && bytes < CITED_BYTES; i++) {
      Pdu event = sound.get(i);
      if (citations.getOrDefault(event.eventId(), 0) >= OFTEN || event.isCreate()) {
        bytes += event.memoryBytes();
        sound.set(i, event.unpacked());
      }
    }
  }

  private boolean judge(Pdu packed) {
    packed.authEvents().stream()
        .filter(answer.events()::containsKey)
        .forEach(each -> citations.merge(each, 1, Integer::sum));
    Pdu event = packed.unpacked();
    if (event.isCreate() && !event.eventId().equals(create)) {
      return false;
    }
    return ReceiptChecks.judgeByAuthEvents(
            event, SignedBy.servers(signers.getOrDefault(event.eventId(), Set.of())), this::known)
        instanceof Outcome.Accepted;
  }

  /// What was judged before.
  private Optional<KnownEvents.KnownEvent> known(EventId id) {
    Boolean verdict = rejected.get(id);
    return verdict == null
        ? Optional.empty()
        : event(id).map(each -> new KnownEvents.KnownEvent(each, verdict));
  }

  private Optional<Pdu> event(EventId id) {
    Pdu tree = cited.get(id);
    if (tree == null) {
      Pdu packed = answer.events().get(id);
      if (packed == null) {
        return Optional.empty();
      }
      tree = packed.unpacked();
      cited.put(id, tree);
      citedBytes += tree.memoryBytes();
      Iterator<Pdu> eldest = cited.values().iterator();
      while (citedBytes > CITED_BYTES && cited.size() > 1) {
        citedBytes -= eldest.next().memoryBytes();
        eldest.remove();
      }
    }
    return Optional.of(tree);
  }
}
