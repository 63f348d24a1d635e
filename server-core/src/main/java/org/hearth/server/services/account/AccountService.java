package org.hearth.server.services.account;

import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.hearth.ringlogs.Log;
import org.hearth.ringlogs.WiringDescription.Node;
import org.hearth.server.box.AccountCompanion;
import org.hearth.server.box.Box;
import org.hearth.server.http.Authenticator;
import org.hearth.server.http.RouteGroup;
import org.hearth.server.http.TurnPerKey;
import org.hearth.server.logs.AccountOutput;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.DeviceId;
import org.hearth.server.matrix.id.ServerName;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.activity.Activity;
import org.hearth.server.services.activity.Happenings;
import org.hearth.server.store.JournalWriter;
import org.hearth.server.store.ReadPool;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.Table;
import org.hearth.server.upkeep.Upkeep;
import org.jspecify.annotations.Nullable;

/// The accounts of this server: their endpoints, and what the panel and the command line do with
/// them.
///
/// **thread**: any; [#start] and [#stop] one.
///
/// **errors**: what cannot be done is told as a [MatrixException] whose message may be shown; a
/// database that takes no writes as a StorageException.
public final class AccountService implements Box {
  /// The name in the wiring.
  public static final String BOX = "Accounts";

  private static final System.Logger LOG = System.getLogger(AccountService.class.getName());
  private static final Duration HOUSEKEEPING = Duration.ofMinutes(1);
  private static final Duration PATIENCE_AT_END = Duration.ofSeconds(5);
  private static final int MOST_HASHES_AT_ONCE = 4;

  private final Accounts accounts;
  private final JournalWriter<AccountOutput> journal;
  private final InstantSource clock;
  private final RoomExit rooms;
  private final List<AccountCompanion> companions;
  private final Confirmation confirmation;
  private final TurnPerKey turns = new TurnPerKey();

  /// Held from the look at who owns the server to the commit that changes it; taken before a turn.
  private final ReentrantLock ownership = new ReentrantLock();

  private final Sessions sessions;
  private final Passwords passwords;
  private final NewAccounts newAccounts;
  private final RegistrationTokens registrationTokens;
  private final AccountOptions.RegistrationMode registration;
  private final List<RouteGroup> routes;

  /// Users of closed accounts who are in rooms still; of the housekeeping thread only.
  private final Set<UserId> stillInRooms = new LinkedHashSet<>();

  private final Upkeep housekeeping = new Upkeep("account-housekeeping");

  /// What comes from outside of the program.
  ///
  /// @param random for tokens, salts and ids
  /// @param recaptcha the test at registration, if there is one
  /// @param happenings told what users do with their accounts
  public record Surroundings(
      InstantSource clock,
      SecureRandom random,
      Optional<Recaptcha> recaptcha,
      Happenings happenings) {}

  /// @param accounts the same object that answers the others' queries
  /// @param reads of the same database
  /// @param rooms lets users leave when their accounts are closed
  /// @param companions what the boxes keep for accounts and devices; the list may grow until they
  ///   start
  public AccountService(
      AccountOptions options,
      Accounts accounts,
      ReadPool reads,
      JournalWriter<AccountOutput> journal,
      RoomExit rooms,
      List<AccountCompanion> companions,
      Surroundings surroundings) {
    this.accounts = accounts;
    this.journal = journal;
    this.clock = surroundings.clock();
    this.rooms = rooms;
    this.companions = companions;
    this.registration = options.registration();
    Secrets secrets = new Secrets(surroundings.random());
    this.sessions =
        new Sessions(
            accounts,
            new TokenTables(reads),
            journal,
            turns,
            companions,
            secrets,
            clock,
            options.accessTokenLifetime());
    this.passwords = new Passwords(options.passwordCost(), hashesAtOnce(), surroundings.random());
    this.newAccounts =
        new NewAccounts(
            accounts,
            passwords,
            options.shortestPassword(),
            journal,
            turns,
            companions,
            new NewAccounts.Surroundings(clock, secrets));
    this.registrationTokens = new RegistrationTokens(reads, journal, secrets, clock);
    Happenings happenings = surroundings.happenings();
    PasswordLogin passwordLogin =
        new PasswordLogin(accounts, passwords, journal, turns, happenings);
    UserInteractiveAuth interactive =
        new UserInteractiveAuth(
            passwordLogin, registrationTokens, surroundings.recaptcha(), secrets);
    this.confirmation = interactive;
    List<RouteGroup> groups = new ArrayList<>();
    LoginTokens loginTokens = new LoginTokens(reads, journal, turns, secrets, surroundings.clock());
    groups.add(
        new LoginRoutes(accounts, passwordLogin, loginTokens, interactive, sessions, happenings));
    groups.add(
        new RegistrationRoutes(
            options,
            newAccounts,
            registrationTokens,
            interactive,
            surroundings.recaptcha(),
            sessions,
            happenings));
    groups.add(new DeviceRoutes(this, interactive));
    groups.add(
        new AccountRoutes(
            this, newAccounts, interactive, options.defaultRoomVersion(), happenings));
    groups.add(new WhoisRoute(accounts));
    groups.add(new FallbackPages(interactive, surroundings.recaptcha()));
    options
        .sharedSecret()
        .ifPresent(secret ->
            groups.add(
                new SharedSecretRegistration(secret, newAccounts, sessions, secrets, happenings)));
    this.routes = List.copyOf(groups);
  }

  /// Half of the processors, so that logins never keep messages waiting.
  private static int hashesAtOnce() {
    return Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, MOST_HASHES_AT_ONCE);
  }

  @Override
  public String name() {
    return BOX;
  }

  @Override
  public String purpose() {
    return "Accounts, sign-in";
  }

  @Override
  public Node.Kind kind() {
    return Node.Kind.SERVICE;
  }

  @Override
  public List<Log> logs() {
    return List.of(journal.log());
  }

  @Override
  public List<String> asks() {
    return List.of(RoomQueries.BOX);
  }

  @Override
  public List<String> commands() {
    return List.of(Activity.BOX);
  }

  @Override
  public List<Table> tables() {
    return List.of(
        Accounts.ACCOUNT,
        Accounts.DEVICE,
        TokenTables.ACCESS,
        TokenTables.REFRESH,
        RegistrationTokens.TABLE,
        LoginTokens.TABLE);
  }

  @Override
  public List<RouteGroup> routes() {
    return routes;
  }

  /// Finds out who an access token belongs to.
  public Authenticator authenticator() {
    return sessions;
  }

  /// Has users prove who they are.
  public Confirmation confirmation() {
    return confirmation;
  }

  /// What others may ask.
  public AccountQueries queries() {
    return accounts;
  }

  ServerName serverName() {
    return accounts.server();
  }

  // --- lifecycle

  /// Begins the housekeeping.
  @Override
  public void start() {
    housekeeping.once(
        "the tokens of those who are logged in could not be read", sessions::remember);
    housekeeping.once(
        "closed accounts that are still in rooms could not be looked up",
        () -> accounts.leaving().forEach(this::leaveRooms));
    housekeeping.every(
        HOUSEKEEPING,
        HOUSEKEEPING,
        "when devices were last seen could not be written",
        this::keepHouse);
  }

  private void keepHouse() {
    passwords.rest();
    List.copyOf(stillInRooms).forEach(this::leaveRooms);
    saveLastSeen();
  }

  private void saveLastSeen() {
    Instant now = clock.instant();
    List<RowChange> changes = accounts.lastSeen().unsaved();
    if (!changes.isEmpty()) {
      journal.commit(changes, List.of());
    }
    accounts.lastSeen().saved(now);
  }

  /// Ends the housekeeping, and writes when devices were last seen.
  @Override
  public void stop() throws InterruptedException {
    try {
      if (!housekeeping.end(PATIENCE_AT_END)) {
        LOG.log(Level.INFO, "closed accounts go on leaving their rooms at the next start");
      }
    } finally {
      Upkeep.attempt("when devices were last seen could not be written", this::saveLastSeen);
    }
  }

  // --- accounts

  /// Makes an account.
  ///
  /// @param displayName how the user is to be called
  /// @throws MatrixException `M_INVALID_USERNAME`, `M_USER_IN_USE` or `M_WEAK_PASSWORD`
  public UserId createUser(
      String username, String password, boolean admin, Optional<String> displayName) {
    return newAccounts.create(
        newAccounts.available(username), password, admin, displayName, List.of());
  }

  /// Sets a password in the place of one that was forgotten. All devices are logged out, also those
  /// of somebody who had stolen the old password.
  ///
  /// @throws MatrixException `M_NOT_FOUND` if there is no such open account, `M_WEAK_PASSWORD`
  public void resetPassword(UserId user, String password) {
    changePassword(user, password);
    logOutAllBut(user, null);
  }

  void changePassword(UserId user, String password) {
    newAccounts.checkPassword(user, password);
    String hash = passwords.hash(password);
    change(user, Accounts.setPassword(user, hash), LoginTokens.clearing(user));
  }

  /// Makes a user an administrator, or no longer.
  ///
  /// @throws MatrixException `M_NOT_FOUND` if there is no such open account, `M_FORBIDDEN` if it is
  ///   the last owner who is to be none
  public void setAdmin(UserId user, boolean admin) {
    changeOwners(user, admin, () -> change(user, Accounts.setAdmin(user, admin)));
  }

  /// Locks an account or unlocks it. Its devices stay logged in, but nothing they ask is answered
  /// while it is locked.
  ///
  /// @throws MatrixException `M_NOT_FOUND` if there is no such open account, `M_FORBIDDEN` if it is
  ///   the last owner who is to be locked
  public void setLocked(UserId user, boolean locked) {
    changeOwners(user, !locked, () -> change(user, Accounts.setLocked(user, locked)));
  }

  /// The only owner of the server; empty when there are more, or none.
  public Optional<Account> onlyOwner() {
    return accounts.onlyOwner();
  }

  /// Changes what may make a user an owner or none. The last owner stays one.
  ///
  /// @param stays whether the user is as much of an owner after the change as before
  private void changeOwners(UserId user, boolean stays, Runnable change) {
    ownership.lock();
    try {
      if (!stays
          && accounts.account(user).filter(Account::owner).isPresent()
          && accounts.onlyOwner().isPresent()) {
        throw MatrixException.forbidden(
            user + " is the only owner of this server. Make somebody else an owner first.");
      }
      change.run();
    } finally {
      ownership.unlock();
    }
  }

  private void change(UserId user, RowChange... changes) {
    turns.run(
        user,
        () -> {
          var _ = open(user);
          journal.commit(List.of(changes), List.of(), () -> accounts.forget(user));
        });
  }

  private Account open(UserId user) {
    return accounts
        .account(user)
        .filter(each -> !each.deactivated())
        .orElseThrow(() -> MatrixException.notFound("No account " + user));
  }

  /// Closes an account for ever: password, devices and tokens go, the user leaves all rooms, the
  /// name is never given again. Returns when the account is closed; the rooms are left after that,
  /// also over a restart.
  ///
  /// @param erase whether everything that can be is to be erased
  /// @throws MatrixException `M_NOT_FOUND` if there is no such open account, `M_FORBIDDEN` if it is
  ///   the last owner's
  public void deactivate(UserId user, boolean erase) {
    changeOwners(user, false, () -> turns.run(user, () -> close(user, erase)));
    housekeeping.once(user + " could not leave all rooms yet", () -> leaveRooms(user));
  }

  private void close(UserId user, boolean erase) {
    open(user);
    List<RowChange> changes =
        new ArrayList<>(List.of(Accounts.close(user, erase), LoginTokens.clearing(user)));
    List<AccountOutput> entries = new ArrayList<>();
    List<TokenHash> gone = sessions.removeAll(user, changes, entries);
    companions.forEach(each -> changes.addAll(each.closing(user, erase)));
    entries.add(new AccountOutput.AccountDeactivated(user));
    journal.commit(
        changes,
        entries,
        () -> {
          accounts.forget(user);
          sessions.drop(gone);
          companions.forEach(each -> {
            each.changed(user);
            each.devicesChanged(user);
          });
        });
  }

  private void leaveRooms(UserId user) {
    if (housekeeping.isEnding()) {
      return; // The account's row says that this is left to the next start.
    }
    stillInRooms.add(user);
    Upkeep.attempt(
        user + " could not leave all rooms yet",
        () -> {
          try {
            rooms.leaveAll(user);
            journal.commit(List.of(Accounts.setLeaving(user, false)), List.of());
            stillInRooms.remove(user);
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /// Accounts by id, with their devices.
  ///
  /// @param text what the id contains; empty for all
  /// @param after the last one of the page before; null to begin
  public List<UserSummary> users(String text, @Nullable UserId after, int limit) {
    return accounts.search(text, after, limit);
  }

  // --- devices

  /// Logs devices out; those that are not there are passed over.
  public void logOut(UserId user, Collection<DeviceId> devices) {
    sessions.remove(user, devices);
  }

  /// Logs all devices out but one.
  ///
  /// @param kept null for none
  public void logOutAllBut(UserId user, @Nullable DeviceId kept) {
    sessions.removeAllBut(user, kept);
  }

  void renameDevice(UserId user, DeviceId device, String name) {
    DeviceNames.check(name);
    turns.run(
        user,
        () -> {
          List<RowChange> changes = new ArrayList<>(List.of(Accounts.rename(user, device, name)));
          companions.forEach(each -> changes.addAll(each.renaming(user, device)));
          journal.commit(changes, List.of(new AccountOutput.DeviceChanged(user, device)));
        });
  }

  // --- registration tokens

  /// Whether it is a token that lets people make accounts.
  public boolean isRegistrationByToken() {
    return registration == AccountOptions.RegistrationMode.TOKEN;
  }

  /// Makes a registration token.
  ///
  /// @param wanted its text; else one is made
  /// @param usesAllowed how many accounts may be made with it; empty for any number
  /// @param expires when it stops to be valid; empty for never
  /// @throws IllegalArgumentException if there is one of that text, or it is not a valid text
  public RegistrationToken createRegistrationToken(
      Optional<String> wanted, OptionalInt usesAllowed, Optional<Instant> expires) {
    return registrationTokens.create(wanted, usesAllowed, expires);
  }

  /// All registration tokens, by text.
  public List<RegistrationToken> registrationTokens() {
    return registrationTokens.all();
  }

  /// Makes a registration token invalid for ever.
  ///
  /// @return whether there was one
  public boolean deleteRegistrationToken(String token) {
    return registrationTokens.delete(token);
  }
}
