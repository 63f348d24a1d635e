package org.hearth.server.matrix.push;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.hearth.server.matrix.event.Pdu;
import org.jspecify.annotations.Nullable;

/// An event whose rules are asked for one user after the other, with what they have to know of its
/// room. What is the same for all users is found out once.
///
/// **bound**: an event's text costs each user at most [#MOST_STEPS], however many rules look at it;
/// names are looked for in its first [#LONGEST_TEXT_FOR_NAMES] characters. **thread**: one.
public final class PushEvent {
  /// How much the globs of one user's rules may work on one event: characters of text, each times
  /// the 64 characters of the pattern that are compared at once. A glob that would need more does
  /// not match. A message of 250 characters has enough for as many rules as a user may have.
  static final int MOST_STEPS = 1 << 18;

  /// The text that is searched for each member's names, which senders ought not to rely on.
  static final int LONGEST_TEXT_FOR_NAMES = 4096;

  /// Properties that are remembered: more than the default rules ask for.
  private static final int MOST_PROPERTIES = 64;

  private final Pdu event;
  private final long memberCount;
  private final Predicate<String> senderMayNotify;

  /// Whether the conditions of rules hold that are the same for everybody, by the rule's id.
  private final Map<String, Boolean> ofAll = new HashMap<>();

  /// Properties of the event that were asked for, by their paths.
  private final Map<String, Optional<JsonNode>> properties = new HashMap<>();

  private @Nullable EventBody body;
  private @Nullable EventBody bodyForNames;
  private long steps;

  /// @param memberCount the current number of members of the room
  /// @param senderMayNotify whether the event's sender has the power level that a key of
  ///   `notifications` in `m.room.power_levels` demands, such as `room`; asked only if a rule does
  public PushEvent(Pdu event, long memberCount, Predicate<String> senderMayNotify) {
    this.event = event;
    this.memberCount = memberCount;
    this.senderMayNotify = senderMayNotify;
  }

  /// The event.
  public Pdu event() {
    return event;
  }

  long memberCount() {
    return memberCount;
  }

  boolean senderMayNotify(String key) {
    return senderMayNotify.test(key);
  }

  /// The property of the event at that path.
  Optional<JsonNode> property(PropertyPath path) {
    Optional<JsonNode> known = properties.get(path.text());
    if (known == null) {
      known = path.of(event);
      if (properties.size() < MOST_PROPERTIES) {
        properties.put(path.text(), known);
      }
    }
    return known;
  }

  /// The rules of another user are asked now.
  void begin() {
    steps = 0;
  }

  /// Whether a glob may work on so much text, which then counts.
  boolean mayMatch(Glob glob, String text) {
    return maySpend((long) glob.words() * text.length());
  }

  private boolean maySpend(long needed) {
    if (steps + needed > MOST_STEPS) {
      return false;
    }
    steps += needed;
    return true;
  }

  /// What all users' rules of that id say.
  boolean ofAll(String ruleId, Predicate<PushEvent> holds) {
    Boolean known = ofAll.get(ruleId);
    if (known == null) {
      // It is not at the cost of the user who happens to be the first.
      long spent = steps;
      steps = 0;
      known = holds.test(this);
      steps = spent;
      ofAll.put(ruleId, known);
    }
    return known;
  }

  /// Whether users may be named by the event's body, since it does not say whom it mentions.
  public boolean looksForNames() {
    return !event.content().has("m.mentions") && event.content().path("body").isTextual();
  }

  /// The ids of users whom the event names, and other texts that stand in their place.
  public Set<String> named() {
    Set<String> ids = new LinkedHashSet<>();
    event.stateKey().ifPresent(ids::add);
    for (JsonNode each : event.content().path("m.mentions").path("user_ids")) {
      if (each.isTextual()) {
        ids.add(each.textValue());
      }
    }
    return ids;
  }

  /// A text in which letters of either case are the same, for [#mayContain].
  public static String fold(String text) {
    return Glob.fold(text);
  }

  /// Whether a text may stand in the beginning of the event's body, letters of either case being
  /// the same. It says so of every text that does.
  ///
  /// @param folded by [#fold]
  public boolean mayContain(String folded) {
    return bodyForNames().mayContain(folded);
  }

  /// Whether a name stands in the beginning of the event's body.
  boolean hasNameInBody(Glob name) {
    return event.content().path("body").isTextual() && bodyForNames().has(name);
  }

  /// Whether a glob matches words of the event's body; what it costs counts.
  boolean hasInBody(Glob glob) {
    JsonNode text = event.content().path("body");
    if (!text.isTextual() || !mayMatch(glob, text.textValue())) {
      return false;
    }
    return body(text.textValue()).has(glob);
  }

  /// Whether the event's body has one of these words. Each costs what a glob of it would.
  ///
  /// @param words folded, as [Glob#isOneWord] says
  boolean hasAnyInBody(List<String> words) {
    JsonNode text = event.content().path("body");
    if (!text.isTextual()) {
      return false;
    }
    EventBody all = body(text.textValue());
    int length = text.textValue().length();
    for (String each : words) {
      if (maySpend((long) Glob.words(each) * length) && all.hasWord(each)) {
        return true;
      }
    }
    return false;
  }

  private EventBody body(String text) {
    EventBody all = body;
    if (all == null) {
      all = new EventBody(text);
      body = all;
    }
    return all;
  }

  private EventBody bodyForNames() {
    EventBody start = bodyForNames;
    if (start == null) {
      String text = event.content().path("body").asText();
      int length = Math.min(text.length(), LONGEST_TEXT_FOR_NAMES);
      start = new EventBody(text.substring(0, length));
      bodyForNames = start;
    }
    return start;
  }
}
