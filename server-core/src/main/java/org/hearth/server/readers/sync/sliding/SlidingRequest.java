package org.hearth.server.readers.sync.sliding;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.hearth.server.http.Fields;
import org.hearth.server.http.Request;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;

/// The body of a request, read and checked.
///
/// @param connection the connection's name; empty if it has none
/// @param transaction to be given back
/// @param states the different values of `required_state`, to which the others refer
/// @param lists by their names, in the client's order
record SlidingRequest(
    String connection,
    Optional<String> transaction,
    List<RequiredState> states,
    Map<String, RoomList> lists,
    Map<RoomId, Wish> subscriptions,
    ExtensionRequest extensions) {
  /// Of the whole body. A hundred subscriptions with the twenty pairs of `required_state` that
  /// Element X sends with each take a quarter of it.
  static final int LARGEST_BODY = 256 << 10;

  /// "Max lists: 100. If a request contains more than this the server will respond with a 400 error
  /// response with code `M_INVALID_PARAM`."
  static final int MOST_LISTS = 100;

  /// "Max subscriptions: 100", with the same answer.
  static final int MOST_SUBSCRIPTIONS = 100;

  /// More different values of `required_state` than clients have: so that there are few ways in
  /// which they combine.
  static final int MOST_STATES = 8;

  /// Of all filters together, one that several name as often: what is in a space is found by a look
  /// at each of its children, and kept of so many.
  static final int MOST_SPACES = Personal.MOST_SPACES;

  /// "The server may cap this number."
  static final int LARGEST_LIMIT = 100;

  /// Of one list: clients have one or two.
  static final int MOST_RANGES = 20;

  /// As of "opaque identifiers".
  static final int LONGEST_NAME = 255;

  private static final int FIXED_BYTES = 1_000;
  private static final int RANGE_BYTES = 40;

  /// What a list or a subscription wants of a room.
  ///
  /// @param limit the most events of the timeline
  /// @param state which of the states, as a bit
  record Wish(int limit, int state) {
    /// "The fields are combined by taking the superset."
    Wish and(Wish other) {
      return equals(other) ? this : new Wish(Math.max(limit, other.limit), state | other.state);
    }
  }

  /// A list of rooms.
  ///
  /// @param ranges in their order, and apart: so that no room is looked at for two of them
  record RoomList(Wish wish, List<Range> ranges, RoomFilter filter) {
    RoomList {
      ranges = apart(ranges);
    }

    private static List<Range> apart(List<Range> ranges) {
      List<Range> apart = new ArrayList<>();
      for (Range each : ranges.stream().sorted(Comparator.comparingLong(Range::first)).toList()) {
        if (!apart.isEmpty() && each.first() <= apart.getLast().last()) {
          Range before = apart.removeLast();
          apart.add(new Range(before.first(), Math.max(before.last(), each.last())));
        } else {
          apart.add(each);
        }
      }
      return List.copyOf(apart);
    }
  }

  /// Places in a list. "Integers are *inclusive*, and are 0-indexed."
  record Range(long first, long last) {
    static final Range ALL = new Range(0, Long.MAX_VALUE);
  }

  /// @throws MatrixException `M_TOO_LARGE` if the body is; `M_BAD_JSON`, `M_MISSING_PARAM` or
  ///   `M_INVALID_PARAM` if something in it is wrong, or there is too much of it
  static SlidingRequest of(Request http) {
    if (http.body().length > LARGEST_BODY) {
      throw MatrixException.tooLarge("The request is larger than %d bytes".formatted(LARGEST_BODY));
    }
    return parse(http.jsonOrEmpty(), http.requester().user());
  }

  static SlidingRequest parse(ObjectNode body, UserId me) {
    Fields fields = Fields.of(body);
    List<RequiredState> states = new ArrayList<>();
    Map<String, RoomList> lists = new LinkedHashMap<>();
    each(fields, "lists", MOST_LISTS, (name, list) -> lists.put(name, list(list, me, states)));
    int spaces =
        lists.values().stream()
            .mapToInt(each -> each.filter().spaces().map(Set::size).orElse(0))
            .sum();
    if (spaces > MOST_SPACES) {
      throw MatrixException.invalidParam(
          "the filters name more than %d spaces".formatted(MOST_SPACES));
    }
    Map<RoomId, Wish> subscriptions = new LinkedHashMap<>();
    each(
        fields,
        "room_subscriptions",
        MOST_SUBSCRIPTIONS,
        // "Rooms that a user subscribes to that […] does not exist, should be ignored by the
        // server": also where the name is none of a room.
        (name, room) -> {
          Wish wish = wish(room, me, states);
          Identifiers.read(RoomId::parse, name).ifPresent(id -> subscriptions.put(id, wish));
        });
    return new SlidingRequest(
        name(fields, "conn_id").orElse(""),
        name(fields, "txn_id"),
        states,
        lists,
        subscriptions,
        ExtensionRequest.parse(fields));
  }

  /// What those states together want that the bits name.
  RequiredState state(int bits) {
    RequiredState all = RequiredState.NONE;
    for (int i = 0; i < states.size(); i++) {
      if ((bits & 1 << i) != 0) {
        all = all.and(states.get(i));
      }
    }
    return all;
  }

  /// About what it takes in memory.
  long bytes() {
    long bytes = FIXED_BYTES + extensions.bytes();
    for (RequiredState each : states) {
      bytes += each.bytes();
    }
    for (Map.Entry<String, RoomList> each : lists.entrySet()) {
      bytes += Memory.of(each.getKey()) + each.getValue().filter().bytes();
      bytes += (long) RANGE_BYTES * each.getValue().ranges().size();
    }
    for (RoomId each : subscriptions.keySet()) {
      bytes += Memory.of(each.value());
    }
    return bytes;
  }

  private static void each(
      Fields fields, String name, int most, BiConsumer<String, Fields> reading) {
    Optional<Fields> all = fields.optionalObject(name);
    if (all.isEmpty()) {
      return;
    }
    if (all.get().json().size() > most) {
      throw MatrixException.invalidParam("%s has more than %d entries".formatted(name, most));
    }
    all.get()
        .json()
        .properties()
        .forEach(each -> {
          if (each.getKey().isEmpty() || each.getKey().length() > LONGEST_NAME) {
            throw MatrixException.invalidParam(
                "a name in %s must have 1 to %d characters".formatted(name, LONGEST_NAME));
          }
          reading.accept(each.getKey(), all.get().object(each.getKey()));
        });
  }

  private static Optional<String> name(Fields fields, String name) {
    Optional<String> text = fields.optionalString(name);
    if (text.isPresent() && text.get().length() > LONGEST_NAME) {
      throw MatrixException.invalidParam(
          "%s must have at most %d characters".formatted(name, LONGEST_NAME));
    }
    return text;
  }

  private static Wish wish(Fields fields, UserId me, List<RequiredState> states) {
    long limit = fields.integer("timeline_limit");
    var _ = fields.optionalInteger("timeline_limit", 0, Long.MAX_VALUE);
    RequiredState state = RequiredState.parse(fields, me);
    if (!states.contains(state)) {
      states.add(state);
    }
    if (states.size() > MOST_STATES) {
      throw MatrixException.invalidParam(
          "there are more than %d different values of required_state".formatted(MOST_STATES));
    }
    return new Wish((int) Math.min(limit, LARGEST_LIMIT), 1 << states.indexOf(state));
  }

  private static RoomList list(Fields fields, UserId me, List<RequiredState> states) {
    return new RoomList(
        wish(fields, me, states),
        fields.bool("slow_get_all_rooms", false) ? List.of(Range.ALL) : ranges(fields),
        fields.optionalObject("filters").map(RoomFilter::parse).orElse(RoomFilter.ALL));
  }

  /// Clients of today send `ranges`; the proposal has it as one `range`.
  private static List<Range> ranges(Fields fields) {
    Optional<List<Range>> one = fields.optionalArray("range").map(range -> List.of(range(range)));
    return fields
        .optionalArray("ranges")
        .map(array -> {
          if (array.size() > MOST_RANGES) {
            throw MatrixException.invalidParam(
                "ranges has more than %d entries".formatted(MOST_RANGES));
          }
          List<Range> ranges = new ArrayList<>();
          array.forEach(each -> ranges.add(range(each)));
          return List.copyOf(ranges);
        })
        .or(() -> one)
        .orElse(List.of(Range.ALL));
  }

  private static Range range(JsonNode pair) {
    if (pair.size() != 2 || !isPlace(pair.path(0)) || !isPlace(pair.path(1))) {
      throw MatrixException.badJson("a range must be two whole numbers from 0 to 2^53 - 1");
    }
    Range range = new Range(pair.path(0).longValue(), pair.path(1).longValue());
    if (range.last() < range.first()) {
      throw MatrixException.invalidParam("a range must not end before it begins");
    }
    return range;
  }

  private static boolean isPlace(JsonNode number) {
    return number.isIntegralNumber()
        && number.canConvertToLong()
        && number.longValue() >= 0
        && number.longValue() < 1L << 53;
  }
}
