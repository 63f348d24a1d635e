package org.hearth.server.admin;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import org.hearth.ringlogs.Log.ParkedKey;
import org.hearth.ringlogs.Log.ReleaseResult;
import org.hearth.ringlogs.LogFigures;
import org.hearth.ringlogs.Reply;
import org.hearth.ringlogs.WiringDescription;
import org.hearth.server.http.HttpFigures;
import org.hearth.server.http.Served;
import org.hearth.server.logs.Logs;
import org.hearth.server.matrix.error.MatrixException;
import org.hearth.server.matrix.id.InvalidIdentifierException;
import org.hearth.server.matrix.id.RoomId;
import org.hearth.server.matrix.id.UserId;
import org.hearth.server.outbound.federation.FederationClient;
import org.hearth.server.readers.federationdelivery.FederationDelivery;
import org.hearth.server.readers.search.ClientSearch;
import org.hearth.server.servers.room.RoomQueries;
import org.hearth.server.services.account.AccountService;
import org.hearth.server.services.account.RegistrationToken;
import org.hearth.server.services.account.UserSummary;
import org.hearth.server.services.activity.Activity;
import org.hearth.server.services.activity.Happening;
import org.hearth.server.services.activity.Kind;
import org.hearth.server.services.media.Custody;
import org.hearth.server.services.notices.NoticeService;
import org.hearth.server.services.profile.ProfileQueries;
import org.hearth.server.services.report.Reports;
import org.hearth.server.services.staging.Staging;
import org.hearth.server.store.Store;
import org.hearth.server.store.StoreFigures;
import org.hearth.server.store.StoreState;
import org.hearth.server.store.Unavailable;

/// The operations on a running server.
///
/// **thread**: any. **errors**: every operation throws [AdminException] with a sentence for what
/// was refused.
public final class Admin {
  /// To so many people one call sends a notice: each costs some commits.
  private static final int NOTICES_AT_ONCE = 50;

  /// Emptying the search index waits for what its reader is at.
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final AccountService accounts;
  private final ProfileQueries profiles;
  private final RoomQueries rooms;
  private final Activity activity;
  private final Reports reports;
  private final NoticeService notices;
  private final ClientSearch search;
  private final PeerOperations peers;
  private final MediaOperations media;
  private final Store store;
  private final Supplier<Optional<HttpFigures>> http;
  private final Wiring wiring;
  private final Supplier<Optional<Alert>> backupTrouble;
  private final Parking parking;
  private final SigningKeyOperations signingKeys;
  private final InstantSource clock;
  private final Scan<UserId, UserSummary, Person> people;
  private final RoomList allRooms;
  private final RateHistory rates;

  /// @param http what the edge did; empty while there are no listeners
  /// @param wiring the description of the wiring and the figures of its logs
  /// @param backupTrouble what keeps backups from being made
  public Admin(
      Asked asked,
      Store store,
      Supplier<Optional<HttpFigures>> http,
      Wiring wiring,
      Supplier<Optional<Alert>> backupTrouble,
      SigningKeyOperations signingKeys,
      InstantSource clock) {
    this.accounts = asked.accounts();
    this.profiles = asked.profiles();
    this.rooms = asked.rooms();
    this.activity = asked.activity();
    this.reports = asked.reports();
    this.notices = asked.notices();
    this.search = asked.search();
    this.peers =
        new PeerOperations(asked.federation(), asked.delivery(), asked.staging().rejections());
    this.media = new MediaOperations(asked.media(), this::existing);
    this.store = store;
    this.http = http;
    this.wiring = wiring;
    this.backupTrouble = backupTrouble;
    this.parking = new Parking(store, wiring);
    this.signingKeys = signingKeys;
    this.clock = clock;
    this.people =
        new Scan<>(
            (after, limit) -> accounts.users("", after.orElse(null), limit),
            user -> user.account().user(),
            this::person);
    this.allRooms = new RoomList(rooms, accounts.queries());
    this.rates = new RateHistory(() -> published(Logs.ROOM_OUTPUT.name()), clock);
  }

  /// The keys that this server signs with.
  public SigningKeyOperations signingKeys() {
    return signingKeys;
  }

  /// What can be asked and done about other servers.
  public PeerOperations peers() {
    return peers;
  }

  /// What can be asked and done about media.
  public MediaOperations media() {
    return media;
  }

  /// How busy the server was; its owner starts and closes it.
  public RateHistory rates() {
    return rates;
  }

  /// The boxes that are asked.
  public record Asked(
      AccountService accounts,
      ProfileQueries profiles,
      RoomQueries rooms,
      Activity activity,
      Reports reports,
      NoticeService notices,
      ClientSearch search,
      FederationClient federation,
      FederationDelivery delivery,
      Staging staging,
      Custody media) {}

  /// Where the wiring is asked for.
  ///
  /// @param description boxes and arrows; they do not change while the server runs
  /// @param purposes what each box is there for, by its name
  /// @param storing the boxes that hand work to the committer
  /// @param figures the numbers of all logs at this moment
  /// @param parked what the consumers of all logs have parked at this moment
  /// @param releasing gives parked entries to their consumer again
  public record Wiring(
      WiringDescription description,
      Map<String, String> purposes,
      Set<String> storing,
      Supplier<List<LogFigures>> figures,
      Supplier<List<ParkedKey>> parked,
      Releasing releasing) {
    public Wiring {
      purposes = Map.copyOf(purposes);
      storing = Set.copyOf(storing);
    }
  }

  /// Gives parked entries to their consumer again.
  public interface Releasing {
    /// Gives what is parked under a key to its consumer.
    ///
    /// @param log the log's name
    /// @param consumer the reader's; of an input log, the log's again
    /// @param key what is parked
    /// @param discardFirst whether the entry that failed is dropped before
    /// @return what became of them, when their consumer came to it
    Reply<ReleaseResult> release(String log, String consumer, String key, boolean discardFirst);
  }

  /// The server in numbers, as of now.
  public Overview overview() {
    StoreFigures figures = store.figures();
    Optional<HttpFigures> edge = http.get();
    Runtime runtime = Runtime.getRuntime();
    return new Overview(
        clock.instant(),
        accounts.queries().activeCount(),
        rooms.roomCount(),
        published(Logs.ROOM_OUTPUT.name()),
        edge.map(HttpFigures::inFlight).orElse(0L),
        edge.map(HttpFigures::requests).orElse(0L),
        figures.databaseBytes(),
        figures.freeBytes(),
        runtime.totalMemory() - runtime.freeMemory(),
        sentence(figures.state()),
        figures.state() instanceof StoreState.Open);
  }

  /// What people can do with this version and what not yet; empty when nothing is missing.
  public Optional<String> missing() {
    Served served = Served.now();
    return served.missing().isEmpty() ? Optional.empty() : Optional.of(served.sentences());
  }

  /// The first accounts, by id.
  ///
  /// @param search a part of the id or of the display name, in any case; empty for all
  /// @param limit how many at most
  /// @return the first of them
  public Page<Person> people(String search, int limit) {
    return people(Person.Group.ALL, search, Optional.empty(), limit);
  }

  /// Accounts, by id.
  ///
  /// @param group of whom
  /// @param search a part of the id or of the display name, in any case; empty for all
  /// @param after the id of the last one of the page before; empty to begin
  /// @param limit how many at most
  /// @return the next of them
  public Page<Person> people(Person.Group group, String search, Optional<String> after, int limit) {
    String wanted = search.strip().toLowerCase(Locale.ROOT);
    return refusing(() ->
        people.page(
            after.map(UserId::parse),
            limit,
            person ->
                group.has(person)
                    && (wanted.isEmpty()
                        || contains(person.userId(), wanted)
                        || person
                            .displayName()
                            .filter(name -> contains(name, wanted))
                            .isPresent())));
  }

  /// Makes an account.
  ///
  /// @param name the part of the id between @ and :
  /// @param password the first password
  /// @param admin whether the person may administer the server
  /// @return the new account
  public Person createPerson(String name, String password, boolean admin) {
    return refusing(() -> {
      UserId user = accounts.createUser(name.strip(), password, admin, Optional.empty());
      note(Kind.ACCOUNT_MADE, user.value());
      if (admin) {
        note(Kind.OWNER_MADE, user.value());
      }
      return person(
          new UserSummary(accounts.queries().account(user).orElseThrow(), 0, Optional.empty()));
    });
  }

  /// Gives an account another password and signs all its devices out.
  ///
  /// @param userId the whole id
  /// @param password the new password
  public void resetPassword(String userId, String password) {
    refusing(() -> {
      accounts.resetPassword(existing(userId), password);
      note(Kind.PASSWORD_RESET, userId);
      return true;
    });
  }

  /// Closes an account for good. The last owner's is refused.
  ///
  /// @param userId the whole id
  /// @param erase whether what was written is to be hidden from who joins later
  public void deactivate(String userId, boolean erase) {
    refusing(() -> {
      accounts.deactivate(existing(userId), erase);
      note(Kind.ACCOUNT_CLOSED, userId);
      return true;
    });
  }

  /// Lets a person administer the server, or no longer. The last owner stays one.
  ///
  /// @param userId the whole id
  /// @param admin whether the person may
  public void setAdmin(String userId, boolean admin) {
    refusing(() -> {
      accounts.setAdmin(existing(userId), admin);
      note(admin ? Kind.OWNER_MADE : Kind.MEMBER_MADE, userId);
      return true;
    });
  }

  /// Makes a registration token.
  ///
  /// @param text what it is to be; empty to have one made up
  /// @param uses how many accounts may be made with it; empty for any number
  /// @param expires when it stops to be valid; empty for never
  /// @return the new token
  public TokenSummary createToken(
      Optional<String> text, OptionalInt uses, Optional<Instant> expires) {
    if (uses.isPresent() && uses.getAsInt() < 1) {
      throw new AdminException("A token is good for at least one account.");
    }
    if (expires.filter(end -> !end.isAfter(clock.instant())).isPresent()) {
      throw new AdminException("A token must not have expired already.");
    }
    try {
      RegistrationToken made = accounts.createRegistrationToken(text, uses, expires);
      note(Kind.TOKEN_MADE, made.token());
      return token(made);
    } catch (IllegalArgumentException e) {
      throw new AdminException("This token cannot be made: " + e.getMessage() + ".", e);
    }
  }

  /// Whether it is a token that lets people make accounts: if not, tokens are of no use.
  public boolean registersByToken() {
    return accounts.isRegistrationByToken();
  }

  /// The registration tokens, also those that are used up or have expired.
  ///
  /// @return by text
  public List<TokenSummary> tokens() {
    return accounts.registrationTokens().stream().map(Admin::token).toList();
  }

  /// Makes a registration token invalid. Accounts that were made with it stay.
  ///
  /// @param text the token
  public void endToken(String text) {
    if (!accounts.deleteRegistrationToken(text)) {
      throw new AdminException("There is no registration token " + text + ".");
    }
    note(Kind.TOKEN_ENDED, text);
  }

  private static TokenSummary token(RegistrationToken token) {
    return new TokenSummary(token.token(), token.usesAllowed(), token.completed(), token.expires());
  }

  /// The first rooms, by id.
  ///
  /// @param search a part of the name, the alias or the id, in any case; empty for all
  /// @param limit how many at most
  /// @return the first of them
  public Page<RoomSummary> rooms(String search, int limit) {
    return rooms(search, Optional.empty(), limit);
  }

  /// Rooms, by id.
  ///
  /// @param search a part of the name, the alias or the id, in any case; empty for all
  /// @param after the id of the last one of the page before; empty to begin
  /// @param limit how many at most
  /// @return the next of them
  public Page<RoomSummary> rooms(String search, Optional<String> after, int limit) {
    String wanted = search.strip().toLowerCase(Locale.ROOT);
    return refusing(() -> allRooms.page(wanted, after.map(RoomId::parse), limit));
  }

  /// What a person should look at, newest first.
  ///
  /// @param limit how many at most
  /// @return of rooms, parked entries, owners and backups; empty when all is well
  public List<Alert> alerts(int limit) {
    return Alerts.newest(
        List.of(
            allRooms.alerts(limit),
            Alerts.parked(parked()),
            Alerts.onlyOwner(accounts, activity),
            backupTrouble.get().stream().toList()),
        limit);
  }

  /// What happened, the newest of it.
  ///
  /// @param number of the last one that is known already; 0 for none
  /// @param limit how many at most
  /// @return oldest first
  public List<ActivityEntry> activity(long number, int limit) {
    return activity.after(number, limit).stream().map(ActivityEntry::of).toList();
  }

  /// What people have reported, newest first.
  ///
  /// @param before the number of the last one of the page before; empty to begin
  /// @param limit how many at most
  /// @return the next of them
  public List<ReportSummary> reports(OptionalLong before, int limit) {
    return reports.newest(before.orElse(Long.MAX_VALUE), limit).stream()
        .map(ReportSummary::of)
        .toList();
  }

  /// Deletes a report.
  ///
  /// @param number of the report
  public void dismissReport(long number) {
    if (!reports.dismiss(number)) {
      throw new AdminException("There is no report " + number + ".");
    }
  }

  /// Says something to a user in the server's name.
  ///
  /// @param userId the whole id
  /// @param text what is to be said
  public void sendNotice(String userId, String text) {
    refusing(() -> {
      UserId user = existing(userId);
      notice(user, sayable(text));
      note(Kind.NOTICE_SENT, userId);
      return true;
    });
  }

  /// Says something to the next [#NOTICES_AT_ONCE] people. Guests and closed accounts are left out.
  ///
  /// @param after the last one of those before; empty to begin
  /// @param text what is to be said
  /// @return what became of it, and where to go on
  public NoticesSent sendNotices(Optional<String> after, String text) {
    return refusing(() -> {
      String said = sayable(text);
      List<UserSummary> next =
          accounts.users("", after.map(UserId::parse).orElse(null), NOTICES_AT_ONCE);
      int sent = 0;
      List<String> failures = new ArrayList<>();
      for (UserSummary each : next) {
        if (each.account().guest() || each.account().deactivated()) {
          continue;
        }
        UserId user = each.account().user();
        try {
          notice(user, said);
          sent++;
        } catch (RuntimeException e) {
          if (Unavailable.is(e)) {
            throw e;
          }
          failures.add("%s has not got it: %s.".formatted(user.value(), reason(e)));
        }
      }
      if (after.isEmpty()) {
        note(Kind.NOTICE_SENT, "everybody");
      }
      return new NoticesSent(
          sent,
          failures,
          next.size() < NOTICES_AT_ONCE
              ? Optional.empty()
              : Optional.of(next.getLast().account().user().value()));
    });
  }

  private static String sayable(String text) {
    if (text.isBlank()) {
      throw new AdminException("A notice has a text.");
    }
    return text.strip();
  }

  private static String reason(RuntimeException failure) {
    return failure instanceof MatrixException refused
        ? refused.safeMessage()
        : String.valueOf(failure.getMessage());
  }

  private void notice(UserId user, String text) {
    try {
      notices.send(user, text);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AdminException("The server is stopping.", e);
    }
  }

  /// The wiring with the numbers of this moment.
  ///
  /// @return what the Wiring page draws
  public WiringPicture wiring() {
    return Pictures.of(wiring, store.figures());
  }

  /// Entries that wait for a decision, because one before them could not be handled.
  ///
  /// @return by log, reader and key; empty when all is well
  public List<ParkedEntries> parked() {
    return parking.all();
  }

  /// Has parked entries handled again, in order.
  ///
  /// @param log the log's name
  /// @param consumer who parked them
  /// @param key whose they are
  /// @return what became of them
  public ReleasedEntries retryParked(String log, String consumer, String key) {
    return parking.release(log, consumer, key, false);
  }

  /// Drops the parked entry that failed for good, and has those behind it handled.
  ///
  /// @param log the log's name
  /// @param consumer who parked them
  /// @param key whose they are
  /// @return what became of them
  public ReleasedEntries discardParked(String log, String consumer, String key) {
    return parking.release(log, consumer, key, true);
  }

  /// Has the search index made anew from all messages. Searches find what is in it so far.
  ///
  /// @return how far it is
  public SearchProgress rebuildSearch() {
    try {
      var _ = search.rebuild().await(PATIENCE);
    } catch (IllegalStateException e) {
      throw new AdminException("The search index cannot be made anew now: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AdminException("The search index is being emptied.");
    }
    return searchProgress();
  }

  /// How far the search index is.
  ///
  /// @return as of now
  public SearchProgress searchProgress() {
    ClientSearch.Progress progress = search.progress();
    return new SearchProgress(progress.indexed().value(), progress.newest().value());
  }

  private long published(String log) {
    return wiring.figures().get().stream()
        .filter(each -> each.log().equals(log))
        .mapToLong(LogFigures::published)
        .sum();
  }

  static boolean contains(String text, String wanted) {
    return text.toLowerCase(Locale.ROOT).contains(wanted);
  }

  private Person person(UserSummary user) {
    UserId id = user.account().user();
    return new Person(
        id.value(),
        profiles.profile(id).displayName(),
        user.account().guest(),
        user.account().admin(),
        user.account().deactivated(),
        user.devices(),
        user.account().created(),
        user.lastSeen());
  }

  private void note(Kind kind, String subject) {
    activity.note(new Happening(kind, subject, Happening.OWNER));
  }

  private UserId existing(String userId) {
    UserId user = UserId.parse(userId);
    if (!accounts.queries().exists(user)) {
      throw new AdminException("There is no account " + userId + " on this server.");
    }
    return user;
  }

  private static String sentence(StoreState state) {
    return switch (state) {
      case StoreState.Open _ -> "The database is open.";
      case StoreState.ReadOnly(var reason, var detail) ->
          switch (reason) {
            case DISK_FULL ->
                "The disk is full, and nothing is stored until there is room: " + detail;
            default -> "The disk takes no writes: " + detail;
          };
      case StoreState.Failed(var detail, var damaged, _) ->
          (damaged ? "The database is damaged: " : "The database has failed: ") + detail;
      case StoreState.Closed _ -> "The database is closed.";
    };
  }

  static <T> T refusing(Supplier<T> operation) {
    try {
      return operation.get();
    } catch (MatrixException e) {
      throw new AdminException(e.safeMessage(), e);
    } catch (InvalidIdentifierException e) {
      throw new AdminException(String.valueOf(e.getMessage()), e);
    }
  }
}
