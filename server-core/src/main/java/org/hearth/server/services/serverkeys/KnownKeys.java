package org.hearth.server.services.serverkeys;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.hearth.server.matrix.id.KeyId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.sign.PublishedKey;

/* Which answer counts
 *
 * What a server says itself is later than all that is known of it. A notary may bring what it was told long ago: that is later than the
 * rest only if it is valid for longer than the last one (7 days from when it came at most), and else earlier than all. Of a key that several
 * answers have, the last one says whether and until when it is valid.
 *
 * If an answer has another key of the name of one that is valid, that key of the answer is passed over for good: so nobody who answers
 * for the server for a moment, by a hijacked name say, replaces a key that others have. One that is not valid any more is replaced.
 *
 * An answer is kept as long as it has a key that no later one has: a server that has lost its old keys, or an answer that came from
 * somebody else, does not make what was signed by them unverifiable.
 */

/// What is known of the keys of a server: its answers, of which one is enough most of the time.
///
/// @param answers the earliest first; at most [#MOST_ANSWERS]
/// @param keys name → key, what the answers come to
record KnownKeys(List<KeyAnswer> answers, Map<KeyId, PublishedKey> keys) {
  /// Answers of one server. The earliest go.
  static final int MOST_ANSWERS = 8;

  /// Bytes of the answers of one server as they are stored. The earliest answers go.
  static final int MOST_BYTES = 128 << 10;

  private static final String OBTAINED = "obtained_ts";
  private static final String PASSED_OVER = "passed_over";
  private static final String ANSWER = "answer";

  /// Nothing is known.
  static final KnownKeys NONE = new KnownKeys(List.of(), Map.of());

  KnownKeys {
    answers = List.copyOf(answers);
    keys = Collections.unmodifiableMap(new TreeMap<>(keys));
  }

  /// @param answers the earliest first
  private static KnownKeys of(List<KeyAnswer> answers) {
    List<KeyAnswer> kept = new ArrayList<>();
    Set<NamedKey> later = new HashSet<>();
    long bytes = 0;
    for (KeyAnswer each : answers.reversed()) {
      int length = MatrixJson.write(each.json()).length;
      boolean more = false;
      for (Map.Entry<KeyId, PublishedKey> key : each.keys().entrySet()) {
        more |= later.add(new NamedKey(key.getKey(), key.getValue().key().base64()));
      }
      if (kept.isEmpty() || (more && kept.size() < MOST_ANSWERS && bytes + length <= MOST_BYTES)) {
        kept.add(each);
        bytes += length;
      }
    }
    Collections.reverse(kept);
    Map<KeyId, PublishedKey> keys = new TreeMap<>();
    kept.forEach(each -> keys.putAll(each.keys()));
    return new KnownKeys(kept, keys);
  }

  /// A key by its name and its bytes.
  private record NamedKey(KeyId id, String key) {}

  /// What is known with one more answer.
  ///
  /// @param direct whether the server has given it itself, not a notary
  KnownKeys with(KeyAnswer answer, boolean direct) {
    Set<KeyId> passedOver = new HashSet<>();
    answer
        .keys()
        .forEach((id, key) -> {
          if (keys.get(id) instanceof PublishedKey.Current current
              && !current.key().equals(key.key())
              && current.validUntilTs() >= answer.obtainedTs()) {
            passedOver.add(id);
          }
        });
    KeyAnswer counting = passedOver.isEmpty() ? answer : answer.without(passedOver);
    if (counting.keys().isEmpty()) {
      return this;
    }
    List<KeyAnswer> all = new ArrayList<>(answers);
    boolean later = direct || all.isEmpty() || answer.validUntilTs() > validUntilTs();
    all.removeIf(each -> each.json().equals(answer.json()));
    all.add(later ? all.size() : 0, counting);
    return of(all);
  }

  private long validUntilTs() {
    return answers.getLast().validUntilTs();
  }

  /// Whether a key is known of which nothing better would be learned: it is valid for so long, or
  /// its server has given it up.
  boolean satisfies(KeyId id, long validUntilTs) {
    return switch (keys.get(id)) {
      case null -> false;
      case PublishedKey.Current current -> current.validUntilTs() >= validUntilTs;
      case PublishedKey.Old _ -> true;
    };
  }

  /// Whether the last answer is valid for so long and not at half of its life yet. "Intermediate
  /// notary servers should cache a response for half of its lifetime to avoid serving a stale
  /// response."
  boolean isFresh(long nowTs, long validUntilTs) {
    if (answers.isEmpty()) {
      return false;
    }
    KeyAnswer last = answers.getLast();
    long half = last.obtainedTs() + (last.validUntilTs() - last.obtainedTs()) / 2;
    return last.validUntilTs() >= validUntilTs && nowTs < half;
  }

  /// What to tell somebody who asks for keys of those names: the last answer, and of each key that
  /// it has not, the last answer that has it.
  List<ObjectNode> answersWith(Set<KeyId> wanted) {
    Set<KeyId> left = new HashSet<>(wanted);
    List<ObjectNode> told = new ArrayList<>();
    for (KeyAnswer each : answers.reversed()) {
      if (left.removeAll(each.keys().keySet()) || told.isEmpty()) {
        told.add(each.json());
      }
    }
    return told;
  }

  /// The keys without the answers, to be kept in memory.
  KnownKeys withoutAnswers() {
    return new KnownKeys(List.of(), keys);
  }

  /// As it is stored.
  byte[] bytes() {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    for (KeyAnswer each : answers) {
      ObjectNode stored = all.addObject().put(OBTAINED, each.obtainedTs());
      ArrayNode passedOver = stored.putArray(PASSED_OVER);
      each.passedOver().forEach(id -> passedOver.add(id.value()));
      stored.set(ANSWER, each.json());
    }
    return MatrixJson.write(JsonNodeFactory.instance.objectNode().set("answers", all));
  }

  /// What was stored. An answer that is damaged is left out: it can be asked for again.
  ///
  /// @throws IllegalStateException if all of it is
  static KnownKeys restore(ServerName server, byte[] stored) {
    List<KeyAnswer> answers = new ArrayList<>();
    for (JsonNode each : MatrixJson.restoreObject(stored).path("answers")) {
      if (each.path(ANSWER) instanceof ObjectNode json
          && KeyAnswer.restore(server, json, each.path(OBTAINED).asLong())
              instanceof KeyAnswer answer) {
        Set<KeyId> passedOver = new HashSet<>();
        each.path(PASSED_OVER).forEach(id -> passedOver.add(KeyId.parse(id.asText())));
        answers.add(passedOver.isEmpty() ? answer : answer.without(passedOver));
      }
    }
    return of(answers);
  }
}
