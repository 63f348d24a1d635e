package org.hearth.server.services.account;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.http.Authenticator;
import org.hearth.server.http.Requester;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.error.Errcode;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StorageException;
import org.hearth.server.store.Unavailable;
import org.jspecify.annotations.Nullable;

/* Tokens
 *
 * An access token is looked up by its SHA-256 in a cache, else in the database. Whoever takes a token away commits first and drops the hash
 * from the cache then. A load that read before the commit may be under way at that time: the cache computes under a lock per key, so the
 * drop waits for the load and removes what it put. Should the commit come after its caller has given it up, the drop is repeated after it.
 *
 * A new token goes into the cache as soon as it is committed, so it is never looked up among the unknown ones. Those are remembered for a few
 * seconds in a cache of their own, so that they push no known token out.
 *
 * Refreshing, as the specification wants it: "The old refresh token remains valid until the new access token or refresh token is used, at
 * which point the old refresh token is revoked." So a new generation (refresh token and access token) names the previous one until it is
 * used. Refreshing once more with the old token replaces the generation that the client seems never to have got.
 */

/// Who is logged in: gives, refreshes, looks up and takes away tokens; a session is a device.
///
/// **thread**: any.
final class Sessions implements Authenticator {
  /// A user who logs in on more devices than this loses the one that was not seen for longest.
  static final int MOST_DEVICES = 200;

  private static final System.Logger LOG = System.getLogger(Sessions.class.getName());
  private static final int CACHE_BYTES = 4 << 20;
  private static final int ENTRY_BYTES = 320;
  private static final int MOST_REMEMBERED = CACHE_BYTES / (2 * ENTRY_BYTES);
  private static final int LONGEST_TOKEN = 512;

  /// What unknown tokens are remembered in. A client that goes on with a token that is gone costs
  /// no look into the database each time.
  private static final int UNKNOWN_BYTES = 256 << 10;

  private static final int UNKNOWN_ENTRY_BYTES = 160;
  private static final Duration UNKNOWN_FOR = Duration.ofSeconds(5);

  private final Accounts accounts;
  private final TokenTables tokens;
  private final JournalWriter<AccountOutput> journal;
  private final TurnPerKey turns;
  private final List<AccountCompanion> companions;
  private final Secrets secrets;
  private final InstantSource clock;
  private final Duration lifetime;
  private final Cache<TokenHash, @Nullable Session> cache =
      Caffeine.newBuilder()
          .maximumWeight(CACHE_BYTES)
          .weigher((TokenHash _, Session each) ->
              ENTRY_BYTES + each.user().value().length() + each.device().value().length())
          .build();
  private final Cache<TokenHash, Boolean> unknown =
      Caffeine.newBuilder()
          .maximumSize(UNKNOWN_BYTES / UNKNOWN_ENTRY_BYTES)
          .expireAfterWrite(UNKNOWN_FOR)
          .build();

  /// @param turns by user
  /// @param companions whose rows come and go with devices
  /// @param lifetime of an access token that can be refreshed
  Sessions(
      Accounts accounts,
      TokenTables tokens,
      JournalWriter<AccountOutput> journal,
      TurnPerKey turns,
      List<AccountCompanion> companions,
      Secrets secrets,
      InstantSource clock,
      Duration lifetime) {
    this.accounts = accounts;
    this.tokens = tokens;
    this.journal = journal;
    this.turns = turns;
    this.companions = companions;
    this.secrets = secrets;
    this.clock = clock;
    this.lifetime = lifetime;
  }

  // --- looking up

  /// Fills the memory with the tokens of the database, as many as it holds. So whoever is logged in
  /// needs no look into the database after a restart, which strangers behind the same address may
  /// have used up. A token that cannot be read keeps no other from being remembered.
  void remember() {
    for (TokenHash hash : tokens.accessTokens(MOST_REMEMBERED)) {
      try {
        var _ = cache.get(hash, this::load);
      } catch (RuntimeException e) {
        if (Unavailable.is(e)) {
          throw e;
        }
        LOG.log(Level.WARNING, "a token of somebody who is logged in is damaged", e);
      }
    }
  }

  @Override
  public Optional<Requester> remembered(String accessToken) {
    TokenHash hash = hash(accessToken);
    Session session = cache.getIfPresent(hash);
    if (session != null) {
      return Optional.of(requester(checked(hash, session)));
    }
    if (unknown.getIfPresent(hash) != null) {
      throw MatrixException.unknownToken(false);
    }
    return Optional.empty();
  }

  @Override
  public Requester authenticate(String accessToken) {
    return requester(session(accessToken));
  }

  @Override
  public void checkAgain(Requester requester) {
    var _ = usable(requester.user());
    DeviceId device = requester.device();
    if (device != null && accounts.device(requester.user(), device).isEmpty()) {
      throw MatrixException.unknownToken(false);
    }
  }

  private Requester requester(Session session) {
    Account account = usable(session.user());
    return new Requester(
        session.user(), session.device(), session.id(), account.guest(), account.admin());
  }

  /// The session of a token, also of a locked account: for logging out.
  ///
  /// @throws MatrixException `M_UNKNOWN_TOKEN` if there is none, or the token has expired
  Session session(String accessToken) {
    TokenHash hash = hash(accessToken);
    @Nullable Session session = cache.get(hash, this::load);
    if (session == null) {
      throw MatrixException.unknownToken(false);
    }
    return checked(hash, session);
  }

  private static TokenHash hash(String accessToken) {
    if (accessToken.isEmpty() || accessToken.length() > LONGEST_TOKEN) {
      throw MatrixException.unknownToken(false);
    }
    return TokenHash.of(accessToken);
  }

  private @Nullable Session load(TokenHash hash) {
    if (unknown.getIfPresent(hash) != null) {
      return null;
    }
    Optional<Session> found = tokens.session(hash);
    if (found.isEmpty()) {
      unknown.put(hash, true);
    }
    return found.orElse(null);
  }

  private Session checked(TokenHash hash, Session session) {
    Instant expires = session.expires();
    if (expires != null && !clock.instant().isBefore(expires)) {
      throw MatrixException.unknownToken(true);
    }
    if (session.previousRefreshId() != null) {
      retirePrevious(hash, session);
    }
    return session;
  }

  private Account usable(UserId user) {
    Account account =
        accounts
            .account(user)
            .filter(each -> !each.deactivated())
            .orElseThrow(() -> MatrixException.unknownToken(false));
    if (account.locked()) {
      throw MatrixException.userLocked();
    }
    return account;
  }

  @Override
  public void seen(Requester requester, InetAddress address, String userAgent) {
    DeviceId device = requester.device();
    if (device != null) {
      accounts.lastSeen().seen(requester.user(), device, clock.instant(), address, userAgent);
    }
  }

  /// The first use of a generation: "at which point the old refresh token is revoked".
  private void retirePrevious(TokenHash hash, Session cached) {
    turns.run(
        cached.user(),
        () -> {
          Optional<Session> now = tokens.session(hash);
          Long previous = now.map(Session::previousRefreshId).orElse(null);
          Long refresh = now.map(Session::refreshId).orElse(null);
          if (previous != null && refresh != null) {
            List<RowChange> changes = new ArrayList<>(TokenTables.retire(previous));
            changes.add(TokenTables.used(refresh));
            try {
              commitAndDrop(cached.user(), cached.device(), changes, List.of());
            } catch (StorageException refused) {
              // The disk takes no writes now. The client may read; the old token goes when this is
              // tried again.
              LOG.log(Level.WARNING, "a used refresh token could not be revoked yet", refused);
              return;
            }
          }
          cache.invalidate(hash);
        });
  }

  // --- giving

  /// Logs in a user whose identity is proved. A device of that id is taken over, its old tokens
  /// end.
  ///
  /// @param wanted the device id that the client wants; else a new one is made
  /// @param displayName of a new device
  /// @param refreshable whether the client can refresh
  /// @throws MatrixException if the account is closed or locked, or the id is not free for a
  ///   device: no way to log in goes around this
  Login logIn(
      UserId user, Optional<DeviceId> wanted, Optional<String> displayName, boolean refreshable) {
    displayName.ifPresent(DeviceNames::check);
    return turns.take(
        user,
        () -> {
          checkMayLogIn(user);
          DeviceId device = wanted.orElseGet(() -> new DeviceId(secrets.device()));
          List<RowChange> changes = new ArrayList<>();
          List<AccountOutput> entries = new ArrayList<>();
          if (accounts.device(user, device).isEmpty()) {
            companions.forEach(each -> each.admit(user, device));
            makeRoom(user, changes, entries);
            companions.forEach(each -> changes.addAll(each.clearing(user, device)));
            changes.add(Accounts.insert(user, device, displayName, clock.instant()));
            entries.add(new AccountOutput.DeviceAdded(user, device));
          } else {
            changes.addAll(TokenTables.deleteAll(user, device));
          }
          Issued issued = issue(user, device, refreshable, null, changes);
          commitAndDrop(user, null, changes, entries);
          return given(issued);
        });
  }

  private void checkMayLogIn(UserId user) {
    Account account =
        accounts
            .account(user)
            .orElseThrow(() -> new IllegalStateException("no account " + user + " to log in to"));
    if (account.deactivated()) {
      throw new MatrixException(Errcode.USER_DEACTIVATED, "This account has been deactivated");
    }
    if (account.locked()) {
      throw MatrixException.userLocked();
    }
  }

  private void makeRoom(UserId user, List<RowChange> changes, List<AccountOutput> entries) {
    List<Device> devices = accounts.devices(user);
    devices.stream()
        .sorted(Comparator.comparing((Device each) -> each.lastSeen().orElse(Instant.EPOCH)))
        .limit(Math.max(0, devices.size() - MOST_DEVICES + 1L))
        .forEach(each -> remove(user, each.id(), changes, entries));
  }

  /// New tokens that are not committed yet.
  private record Issued(Login login, Session session) {}

  /// The tokens are committed: the access token is known from now on.
  private Login given(Issued issued) {
    cache.put(TokenHash.of(issued.login().accessToken()), issued.session());
    return issued.login();
  }

  /// Makes tokens and adds their rows.
  private Issued issue(
      UserId user,
      DeviceId device,
      boolean refreshable,
      @Nullable Long previous,
      List<RowChange> changes) {
    String access = secrets.token(Secrets.ACCESS_PREFIX);
    if (!refreshable) {
      Session session = new Session(secrets.number(), user, device, null, null, null);
      changes.add(TokenTables.insertAccess(session, TokenHash.of(access)));
      return new Issued(
          new Login(user, device, access, Optional.empty(), Optional.empty()), session);
    }
    String refresh = secrets.token(Secrets.REFRESH_PREFIX);
    long refreshId = secrets.number();
    Session session =
        new Session(
            secrets.number(), user, device, clock.instant().plus(lifetime), refreshId, previous);
    changes.add(
        TokenTables.insertRefresh(refreshId, TokenHash.of(refresh), user, device, previous));
    changes.add(TokenTables.insertAccess(session, TokenHash.of(access)));
    return new Issued(
        new Login(user, device, access, Optional.of(refresh), Optional.of(lifetime)), session);
  }

  /// New tokens for a refresh token.
  ///
  /// @throws MatrixException `M_UNKNOWN_TOKEN` if it is not valid (any more)
  Login refresh(String refreshToken) {
    if (refreshToken.length() > LONGEST_TOKEN) {
      throw MatrixException.unknownToken(false);
    }
    TokenHash hash = TokenHash.of(refreshToken);
    UserId user =
        tokens.generation(hash).orElseThrow(() -> MatrixException.unknownToken(false)).user();
    return turns.take(
        user,
        () -> {
          TokenTables.Generation generation =
              tokens.generation(hash).orElseThrow(() -> MatrixException.unknownToken(false));
          checkMayLogIn(user);
          List<RowChange> changes = new ArrayList<>();
          if (generation.previousId() != null) {
            changes.addAll(TokenTables.retire(generation.previousId()));
            changes.add(TokenTables.used(generation.id()));
          }
          generation.nextIds().forEach(next -> changes.addAll(TokenTables.retire(next)));
          Issued issued = issue(user, generation.device(), true, generation.id(), changes);
          commitAndDrop(user, generation.device(), changes, List.of());
          return given(issued);
        });
  }

  // --- taking away

  /// Logs devices out: they are gone with their tokens, and with those by which the user was about
  /// to let another one in. Those that are not there are passed over.
  void remove(UserId user, Collection<DeviceId> devices) {
    turns.run(
        user,
        () -> {
          List<RowChange> changes = new ArrayList<>();
          List<AccountOutput> entries = new ArrayList<>();
          devices.stream()
              .distinct()
              .filter(each -> isThere(user, each))
              .forEach(each -> remove(user, each, changes, entries));
          if (!changes.isEmpty()) {
            // Nobody knows which device has asked for them.
            changes.add(LoginTokens.clearing(user));
            commitAndDrop(user, null, changes, entries);
          }
        });
  }

  /// Logs all devices out but one.
  ///
  /// @param kept null for none
  void removeAllBut(UserId user, @Nullable DeviceId kept) {
    turns.run(
        user,
        () -> {
          List<RowChange> changes = new ArrayList<>(List.of(LoginTokens.clearing(user)));
          List<AccountOutput> entries = new ArrayList<>();
          removeAllBut(user, kept, changes, entries);
          commitAndDrop(user, null, changes, entries);
        });
  }

  /// Whether it is listed or, when its row is damaged, has a token.
  private boolean isThere(UserId user, DeviceId device) {
    return accounts.device(user, device).isPresent()
        || !tokens.accessTokens(user, device).isEmpty();
  }

  /// A device whose row is damaged is not listed, and goes all the same.
  private void removeAllBut(
      UserId user, @Nullable DeviceId kept, List<RowChange> changes, List<AccountOutput> entries) {
    Stream.concat(accounts.devices(user).stream().map(Device::id), tokens.devices(user).stream())
        .distinct()
        .filter(each -> !each.equals(kept))
        .forEach(each -> remove(user, each, changes, entries));
    changes.addAll(TokenTables.deleteAllBut(user, kept));
  }

  /// Adds what removes all devices of the user, for a unit of the caller's; afterwards it must
  /// [#drop] their tokens. Only while it is the user's turn.
  List<TokenHash> removeAll(UserId user, List<RowChange> changes, List<AccountOutput> entries) {
    removeAllBut(user, null, changes, entries);
    return tokens.accessTokens(user, null);
  }

  /// Forgets tokens that are gone.
  void drop(List<TokenHash> gone) {
    cache.invalidateAll(gone);
  }

  private void remove(
      UserId user, DeviceId device, List<RowChange> changes, List<AccountOutput> entries) {
    changes.addAll(TokenTables.deleteAll(user, device));
    changes.add(Accounts.delete(user, device));
    companions.forEach(each -> changes.addAll(each.clearing(user, device)));
    entries.add(new AccountOutput.DeviceRemoved(user, device));
    accounts.lastSeen().forget(user, device);
  }

  /// Commits and forgets every token that the device, or without one the user, had before.
  private void commitAndDrop(
      UserId user,
      @Nullable DeviceId device,
      List<RowChange> changes,
      List<? extends AccountOutput> entries) {
    List<TokenHash> before = tokens.accessTokens(user, device);
    journal.commit(
        changes,
        entries,
        () -> {
          drop(before);
          if (!entries.isEmpty()) {
            companions.forEach(each -> each.devicesChanged(user));
          }
        });
  }
}
