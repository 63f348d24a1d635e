package org.hearth.server.matrix.state;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.event.StateKey;
import org.hearth.server.matrix.id.EventId;
import org.hearth.server.matrix.version.RoomVersion;

/// A server to which events arrive: it numbers them as they come, and resolves the current state
/// after every batch.
final class Arrivals implements EventSource {
  /// Numbers are not dense, and do not start at nought.
  private static final long STRIDE = 1_000_003;

  private final RoomVersion version;
  private final Map<Long, Pdu> events = new HashMap<>();
  private final Map<EventId, Long> numbers = new HashMap<>();
  private final Map<EventId, Map<StateKey, Long>> after = new HashMap<>();
  private final Set<EventId> extremities = new LinkedHashSet<>();
  private Map<StateKey, Long> current = Map.of();

  Arrivals(RoomVersion version, List<Pdu> arriving, int batch) {
    this.version = version;
    for (int from = 0; from < arriving.size(); from += Math.min(batch, arriving.size())) {
      int to = batch < arriving.size() - from ? from + batch : arriving.size();
      arriving.subList(from, to).forEach(this::arrive);
      current = resolved(List.copyOf(extremities));
    }
  }

  /// The current state.
  Map<StateKey, EventId> state() {
    Map<StateKey, EventId> named = new HashMap<>();
    current.forEach((key, number) -> named.put(key, event(number).eventId()));
    return named;
  }

  private void arrive(Pdu event) {
    long number = (events.size() + 1) * STRIDE;
    events.put(number, event);
    numbers.put(event.eventId(), number);
    Map<StateKey, Long> state = new HashMap<>(resolved(event.prevEvents()));
    event.stateKeyPair().ifPresent(key -> state.put(key, number));
    after.put(event.eventId(), state);
    event.prevEvents().forEach(extremities::remove);
    extremities.add(event.eventId());
  }

  private Map<StateKey, Long> resolved(List<EventId> previous) {
    List<Map<StateKey, Long>> states = new ArrayList<>();
    previous.forEach(id -> states.add(after.getOrDefault(id, Map.of())));
    return states.isEmpty() ? Map.of() : StateResolution.resolve(version, states, this);
  }

  @Override
  public long[] authEvents(long event) {
    return event(event).authEvents().stream().mapToLong(numbers::get).toArray();
  }

  @Override
  public Pdu event(long event) {
    Pdu found = events.get(event);
    if (found == null) {
      throw new IllegalArgumentException("no event " + event);
    }
    return found;
  }

  @Override
  public boolean isRejected(long event) {
    return false;
  }

  @Override
  public Pdu createEvent() {
    return event(STRIDE);
  }
}
