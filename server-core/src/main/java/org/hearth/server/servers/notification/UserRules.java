package org.hearth.server.servers.notification;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.lang.System.Logger.Level;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.json.MatrixJson;
import org.hearth.server.matrix.push.PushRuleset;
import org.hearth.server.matrix.push.RoomPushRules;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.store.Unavailable;
import org.jspecify.annotations.Nullable;

/// What users have set that decides about notifications: their push rules, and whom they ignore.
/// What is kept is as new as what a client has been told is set.
///
/// Of a room's members only a digest of what they have set is kept with each, since most have set
/// what others have, or what says nothing in that room; what it stands for is kept once.
///
/// **bound**: [#BYTES] and [#SHARED_BYTES]. **thread**: any.
final class UserRules {
  /// Of users' rules kept ready: some 13,000 users who have only the default ones.
  static final long BYTES = 4 << 20;

  /// Of what members of rooms have set, each that is another once: some 40,000 with a word of their
  /// own, or 10,000 with twenty.
  static final long SHARED_BYTES = 20 << 20;

  private static final System.Logger LOG = System.getLogger(UserRules.class.getName());
  private static final int USER_BYTES = 300;
  private static final int CONTENT_BYTES = 300;
  private static final int IGNORED_BYTES = 100;
  private static final Shared PLAIN = new Shared("", RoomPushRules.DEFAULTS, Set.of());

  private final AccountDataQueries accountData;
  private final Cache<UserId, Rules> kept;
  private final Cache<String, Shared> shared;
  private final long sharedBytes;

  UserRules(AccountDataQueries accountData) {
    this(accountData, BYTES, SHARED_BYTES);
  }

  UserRules(AccountDataQueries accountData, long bytes, long sharedBytes) {
    this.accountData = accountData;
    this.sharedBytes = sharedBytes;
    kept =
        Caffeine.newBuilder()
            .maximumWeight(bytes)
            .weigher((UserId _, Rules rules) -> rules.bytes())
            .executor(Runnable::run)
            .build();
    shared =
        Caffeine.newBuilder()
            .maximumWeight(sharedBytes)
            .weigher((String _, Shared each) -> each.bytes())
            .executor(Runnable::run)
            .build();
  }

  /// What one user has set.
  ///
  /// @param changes how many there had been when it was read
  record Rules(long changes, PushRuleset rules, Set<String> ignored) {
    int bytes() {
      return weight(USER_BYTES + rules.bytes(), ignored);
    }
  }

  /// What some members of a room have set, as far as it matters there.
  ///
  /// @param content a digest of all of it; empty if nothing but the unchanged default rules holds
  record Shared(String content, RoomPushRules rules, Set<String> ignored) {
    int bytes() {
      return weight(CONTENT_BYTES + rules.bytes(), ignored);
    }
  }

  private static int weight(long bytes, Set<String> ignored) {
    return (int) Math.min(bytes + (long) IGNORED_BYTES * ignored.size(), Integer.MAX_VALUE);
  }

  /// How often a user has changed what this is about.
  long changes(UserId user) {
    return accountData.ruleChanges(user);
  }

  /// How much of what members have set is kept.
  long sharedBytes() {
    return sharedBytes;
  }

  /// What a digest stands for; null if that is no longer kept.
  @Nullable Shared shared(String content) {
    return content.isEmpty() ? PLAIN : shared.getIfPresent(content);
  }

  /// What one user has set, as far as it matters in a room.
  Shared shared(Rules own, RoomId room) {
    RoomPushRules rules = own.rules().in(room);
    if (rules.isDefault() && own.ignored().isEmpty()) {
      return PLAIN;
    }
    ArrayNode all = rules.toJson();
    own.ignored().stream().sorted().forEach(all.addArray()::add);
    String content = digest(MatrixJson.write(all));
    return shared.get(content, _ -> new Shared(content, rules, own.ignored()));
  }

  private static String digest(byte[] text) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }

  /// What is kept of a user; null if that is nothing, or out of date.
  @Nullable Rules kept(UserId user) {
    Rules rules = kept.getIfPresent(user);
    return rules == null || rules.changes() != accountData.ruleChanges(user) ? null : rules;
  }

  /// Reads what users have set.
  ///
  /// @param users at most [AccountDataQueries#MOST_USERS]
  Map<UserId, Rules> read(List<UserId> users) {
    List<Long> changes = users.stream().map(accountData::ruleChanges).toList();
    Map<UserId, ObjectNode> rules = read(users, AccountDataQueries.PUSH_RULES);
    Map<UserId, ObjectNode> ignored = read(users, AccountDataQueries.IGNORED_USERS);
    Map<UserId, Rules> read = new HashMap<>();
    for (int i = 0; i < users.size(); i++) {
      UserId user = users.get(i);
      PushRuleset own = rules(user, Optional.ofNullable(rules.get(user)));
      Set<String> without = ignored(Optional.ofNullable(ignored.get(user)));
      Rules all = new Rules(changes.get(i), own, without);
      kept.put(user, all);
      read.put(user, all);
    }
    return read;
  }

  /// A damaged row is that of one user: the others are read without it.
  private Map<UserId, ObjectNode> read(List<UserId> users, String type) {
    try {
      return accountData.global(users, type);
    } catch (RuntimeException e) {
      if (Unavailable.is(e)) {
        throw e;
      }
    }
    Map<UserId, ObjectNode> read = new HashMap<>();
    for (UserId user : users) {
      try {
        accountData.global(user, type).ifPresent(content -> read.put(user, content));
      } catch (RuntimeException e) {
        if (Unavailable.is(e)) {
          throw e;
        }
        LOG.log(Level.ERROR, "%s of %s cannot be read".formatted(type, user), e);
      }
    }
    return read;
  }

  private static PushRuleset rules(UserId user, Optional<ObjectNode> stored) {
    try {
      return stored
          .map(content -> PushRuleset.restore(user, content.path("global")))
          .orElseGet(() -> PushRuleset.defaults(user));
    } catch (MatrixException e) {
      LOG.log(Level.ERROR, "the push rules of " + user + " are damaged: the default ones hold", e);
      return PushRuleset.defaults(user);
    }
  }

  private static Set<String> ignored(Optional<ObjectNode> stored) {
    Set<String> users = new HashSet<>();
    stored
        .map(content -> content.path("ignored_users"))
        .ifPresent(list -> list.fieldNames().forEachRemaining(users::add));
    return Set.copyOf(users);
  }
}
