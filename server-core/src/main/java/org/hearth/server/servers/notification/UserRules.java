package org.hearth.server.servers.notification;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.lang.System.Logger.Level;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.matrix.push.PushRuleset;
import org.hearth.server.services.accountdata.AccountDataQueries;
import org.hearth.server.store.Unavailable;
import org.jspecify.annotations.Nullable;

/// What users have set that decides about notifications: their push rules, and whom they ignore.
/// What is kept is as new as what a client has been told is set.
///
/// **bound**: [#BYTES]; who has only the default rules takes some 2 KB. **thread**: any.
final class UserRules {
  /// Of rules kept ready: some 8,000 users.
  static final long BYTES = 16 << 20;

  private static final System.Logger LOG = System.getLogger(UserRules.class.getName());
  private static final int USER_BYTES = 2_000;
  private static final int IGNORED_BYTES = 100;

  private final AccountDataQueries accountData;
  private final Cache<UserId, Rules> kept =
      Caffeine.newBuilder()
          .maximumWeight(BYTES)
          .weigher((UserId _, Rules rules) -> rules.bytes())
          .executor(Runnable::run)
          .build();

  UserRules(AccountDataQueries accountData) {
    this.accountData = accountData;
  }

  /// What one user has set.
  ///
  /// @param changes how many there had been when it was read
  /// @param isPlain whether nothing but the unchanged default rules holds
  record Rules(long changes, PushRuleset rules, Set<String> ignored, boolean isPlain) {
    int bytes() {
      long bytes = USER_BYTES + rules.bytes() + (long) IGNORED_BYTES * ignored.size();
      return (int) Math.min(bytes, Integer.MAX_VALUE);
    }
  }

  /// How often users have changed what this is about.
  long changes() {
    return accountData.ruleChanges();
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
      boolean isPlain = without.isEmpty() && own.isDefault();
      Rules all = new Rules(changes.get(i), own, without, isPlain);
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

  /// What users have set, read some at a time where it is not kept.
  Map<UserId, Rules> readAll(List<UserId> users) {
    Map<UserId, Rules> all = new HashMap<>();
    for (int from = 0; from < users.size(); from += AccountDataQueries.MOST_USERS) {
      int to = Math.min(users.size(), from + AccountDataQueries.MOST_USERS);
      all.putAll(read(users.subList(from, to)));
    }
    return all;
  }
}
