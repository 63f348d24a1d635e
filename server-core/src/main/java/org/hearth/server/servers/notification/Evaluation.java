package org.hearth.server.servers.notification;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.Identifiers;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.push.PushEvent;
import org.hearth.server.matrix.push.PushOutcome;
import org.hearth.server.matrix.push.PushRuleset;
import org.hearth.server.servers.room.RoomQueries;
import org.jspecify.annotations.Nullable;

/// Asks the push rules of a room's members about an event.
///
/// **thread**: one at a time; [#ofOther] any.
///
/// **source**: "When receiving a new event homeservers process push rules for each of the local
/// users in the room (excluding the sender)", [receiving notifications][s].
///
/// [s]: https://spec.matrix.org/v1.19/client-server-api/#receiving-notifications
final class Evaluation {
  /// In so many ways an event may notify. Users for whom it would in further ways are notified
  /// without tweaks, but for the highlight.
  static final int MOST_WAYS = 16;

  /// What the actions of a rule may take in memory, since each event that is kept may have others;
  /// larger ones are kept without tweaks, but for the highlight. It is four times what those of the
  /// default rules take.
  static final int MOST_ACTION_BYTES = 4 << 10;

  private static final JsonNode NOTIFY = TextNode.valueOf("notify");
  private static final List<JsonNode> PLAIN = List.of(NOTIFY);
  private static final List<JsonNode> PLAIN_HIGHLIGHT =
      List.of(NOTIFY, JsonNodeFactory.instance.objectNode().put("set_tweak", "highlight"));

  private final RoomQueries rooms;
  private final UserRules rules;

  Evaluation(RoomQueries rooms, UserRules rules) {
    this.rooms = rooms;
    this.rules = rules;
  }

  /// The ways in which an event notifies members of its room; empty if it notifies none.
  List<Way> ofMembers(Pdu event, RoomCounts room) {
    long changes = rules.changes();
    Asking asking = new Asking(event);
    Optional<BitSet> plain = room.plain(changes);
    if (plain.isPresent()) {
      asking.askPlain(room, plain.get());
    } else {
      room.forEachMember(asking::ask);
    }
    List<Way> ways = asking.answer();
    if (plain.isEmpty()) {
      room.setPlain(asking.plain, changes);
    }
    return ways;
  }

  /// How an event notifies a user who is not in its room; empty if it does not.
  Optional<PushOutcome> ofOther(Pdu event, UserId user) {
    UserRules.Rules known = rules.kept(user);
    UserRules.Rules own = known == null ? rules.read(List.of(user)).get(user) : known;
    if (own == null || own.ignored().contains(event.sender().value())) {
      return Optional.empty();
    }
    return Optional.of(own.rules().evaluate(asked(event), null)).filter(PushOutcome::notifies);
  }

  private PushEvent asked(Pdu event) {
    long members = rooms.room(event.roomId()).map(each -> (long) each.counts().joined()).orElse(0L);
    return new PushEvent(event, members, key -> mayNotify(event, key));
  }

  private boolean mayNotify(Pdu event, String key) {
    Optional<PowerLevels> levels = rooms.powerLevels(event.roomId());
    return levels
        .filter(each -> each.userLevel(event.sender()) >= each.notification(key))
        .isPresent();
  }

  /// The asking of all members about one event.
  private final class Asking {
    private final Pdu event;
    private final PushEvent asked;
    private final List<Way> ways = new ArrayList<>();
    private final List<CountedMember> unknown = new ArrayList<>();
    private final BitSet plain = new BitSet();
    private @Nullable PushOutcome latest;
    private @Nullable Way latestWay;

    Asking(Pdu event) {
      this.event = event;
      this.asked = asked(event);
    }

    /// Most members have no rules but the default ones, which say the same for all of them whom the
    /// event does not name.
    void askPlain(RoomCounts room, BitSet all) {
      BitSet unnamed = (BitSet) all.clone();
      for (String each : asked.named()) {
        Identifiers.read(UserId::parse, each)
            .map(room::member)
            .ifPresent(named -> unnamed.clear(named.number()));
      }
      CountedMember sender = room.member(event.sender());
      if (sender != null) {
        unnamed.clear(sender.number());
      }
      if (asked.looksForNames()) {
        room.forEachMember(member -> {
          if (unnamed.get(member.number()) && member.mayBeNamed(asked)) {
            unnamed.clear(member.number());
          }
        });
      }
      PushOutcome outcome = PushRuleset.ofUnnamed(asked);
      if (outcome.notifies() && !unnamed.isEmpty()) {
        way(outcome).members().or(unnamed);
      }
      room.forEachOther(unnamed, this::ask);
    }

    void ask(CountedMember member) {
      UserRules.Rules own = rules.kept(member.user());
      if (own == null) {
        unknown.add(member);
      } else {
        ask(member, own);
      }
    }

    List<Way> answer() {
      if (!unknown.isEmpty()) {
        Map<UserId, UserRules.Rules> read =
            rules.readAll(unknown.stream().map(CountedMember::user).toList());
        for (CountedMember each : unknown) {
          UserRules.Rules own = read.get(each.user());
          if (own != null) {
            ask(each, own);
          }
        }
      }
      return ways;
    }

    private void ask(CountedMember member, UserRules.Rules own) {
      if (own.isPlain()) {
        plain.set(member.number());
      }
      // "Once ignored, the client will no longer receive events sent by that user": what is not
      // shown is not counted, or nobody could read it.
      if (!event.isState() && own.ignored().contains(event.sender().value())) {
        return;
      }
      PushOutcome outcome = own.rules().evaluate(asked, member.name());
      if (outcome.notifies()) {
        way(outcome).members().set(member.number());
      }
    }

    /// Most members have the same rule.
    private Way way(PushOutcome outcome) {
      Way way = latestWay;
      if (way == null || !outcome.equals(latest)) {
        way = wayOf(outcome);
        latest = outcome;
        latestWay = way;
      }
      return way;
    }

    private Way wayOf(PushOutcome outcome) {
      Way known = find(outcome.actions(), outcome.highlights());
      if (known != null) {
        return known;
      }
      List<JsonNode> actions = outcome.actions();
      if (ways.size() >= MOST_WAYS || Way.actionBytes(actions) > MOST_ACTION_BYTES) {
        actions = outcome.highlights() ? PLAIN_HIGHLIGHT : PLAIN;
        known = find(actions, outcome.highlights());
      }
      if (known == null) {
        known = new Way(actions, outcome.highlights(), new BitSet());
        ways.add(known);
      }
      return known;
    }

    private @Nullable Way find(List<JsonNode> actions, boolean highlight) {
      for (Way each : ways) {
        if (each.highlight() == highlight && each.actions().equals(actions)) {
          return each;
        }
      }
      return null;
    }
  }
}
