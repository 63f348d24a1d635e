package org.hearth.server.servers.notification;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.auth.PowerLevels;
import org.hearth.server.matrix.event.Pdu;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.push.PushEvent;
import org.hearth.server.matrix.push.PushOutcome;
import org.hearth.server.matrix.push.RoomPushRules;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.accountdata.AccountDataQueries;
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
    Asking asking = new Asking(event);
    room.forEachMember(asking::ask);
    return asking.answer();
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

  /// Members who have set the same, which says the same for all of them whom the event does not
  /// name.
  private static final class Group {
    final UserRules.Shared shared;
    final boolean ignoresSender;
    boolean isAsked;

    /// How the event notifies them; null if it does not.
    @Nullable Way way;

    Group(UserRules.Shared shared, Pdu event) {
      this.shared = shared;
      // "Once ignored, the client will no longer receive events sent by that user": what is not
      // shown is not counted, or nobody could read it.
      this.ignoresSender = !event.isState() && shared.ignored().contains(event.sender().value());
    }
  }

  /// The asking of all members about one event.
  private final class Asking {
    private final Pdu event;
    private final PushEvent asked;
    private final Set<String> named;
    private final boolean looksForNames;
    private final List<Way> ways = new ArrayList<>();
    private final List<CountedMember> unknown = new ArrayList<>();

    /// As many as are kept otherwise; of further ones each member is asked alone.
    private final Map<String, Group> groups = new HashMap<>();

    private long groupBytes;

    Asking(Pdu event) {
      this.event = event;
      this.asked = asked(event);
      this.named = asked.named();
      this.named.add(event.sender().value());
      this.looksForNames = asked.looksForNames();
    }

    void ask(CountedMember member) {
      Group group = group(member);
      if (group == null) {
        unknown.add(member);
      } else {
        ask(member, group);
      }
    }

    List<Way> answer() {
      for (int from = 0; from < unknown.size(); from += AccountDataQueries.MOST_USERS) {
        int to = Math.min(unknown.size(), from + AccountDataQueries.MOST_USERS);
        List<CountedMember> some = unknown.subList(from, to);
        Map<UserId, UserRules.Rules> read =
            rules.read(some.stream().map(CountedMember::user).toList());
        for (CountedMember each : some) {
          UserRules.Rules own = read.get(each.user());
          if (own != null) {
            ask(each, group(each, own));
          }
        }
      }
      return ways;
    }

    private @Nullable Group group(CountedMember member) {
      String content = member.rules(rules.changes(member.user()));
      Group known = content == null ? null : group(content);
      if (known != null) {
        return known;
      }
      UserRules.Rules own = rules.kept(member.user());
      return own == null ? null : group(member, own);
    }

    private @Nullable Group group(String content) {
      Group known = groups.get(content);
      if (known == null) {
        UserRules.Shared shared = rules.shared(content);
        known = shared == null ? null : group(shared);
      }
      return known;
    }

    private Group group(CountedMember member, UserRules.Rules own) {
      UserRules.Shared shared = rules.shared(own, event.roomId());
      member.setRules(shared.content(), own.changes());
      return group(shared);
    }

    private Group group(UserRules.Shared shared) {
      Group known = groups.get(shared.content());
      if (known == null) {
        known = new Group(shared, event);
        groupBytes += shared.bytes();
        if (groupBytes <= rules.sharedBytes()) {
          groups.put(shared.content(), known);
        }
      }
      return known;
    }

    private void ask(CountedMember member, Group group) {
      if (group.ignoresSender) {
        return;
      }
      RoomPushRules own = group.shared.rules();
      Way way;
      if (named.contains(member.user().value())
          || own.looksForName()
          || (looksForNames && member.mayBeNamed(asked))) {
        way = way(own.evaluate(asked, member.user(), member.name()));
      } else {
        if (!group.isAsked) {
          group.way = way(own.ofUnnamed(asked));
          group.isAsked = true;
        }
        way = group.way;
      }
      if (way != null) {
        way.members().set(member.number());
      }
    }

    private @Nullable Way way(PushOutcome outcome) {
      return outcome.notifies() ? wayOf(outcome) : null;
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
