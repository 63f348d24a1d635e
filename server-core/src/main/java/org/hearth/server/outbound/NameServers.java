package org.hearth.server.outbound;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.ExtendedResolver;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.ResolverConfig;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.SimpleResolver;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;
import org.xbill.DNS.hosts.HostsFileParser;
import org.xbill.DNS.lookup.LookupResult;
import org.xbill.DNS.lookup.LookupSession;
import org.xbill.DNS.lookup.NoSuchDomainException;
import org.xbill.DNS.lookup.NoSuchRRSetException;
import org.xbill.DNS.lookup.RedirectLoopException;
import org.xbill.DNS.lookup.RedirectOverflowException;

/// Asks name servers for addresses and services, after the file of hosts.
///
/// A question under way is an entry in dnsjava's selector and a socket, no thread: name servers
/// that do not answer hold nobody else up. The questions of the addresses of one name are asked at
/// the same time.
///
/// **threads**: any asks, and waits; dnsjava's selector receives; answers are read by virtual
/// threads.
///
/// **bound**: [#UNDER_WAY] questions at a time, [#PER_ZONE] of them of one zone, each until it has
/// been answered or given up by dnsjava; who asks waits for its turn and its answer no longer than
/// [#PATIENCE]; [#RECORDS] records of an answer; [#CACHE_BYTES] of answers.
///
/// **source**: RFC 1034, RFC 2308, RFC 2782.
public final class NameServers {
  static final int UNDER_WAY = 256;
  static final int PER_ZONE = 32;
  static final int RECORDS = 16;
  static final long CACHE_BYTES = 4 << 20;

  private static final System.Logger LOG = System.getLogger(NameServers.class.getName());

  /// How long one name server may take for one answer; another is asked then, and each twice.
  private static final Duration ANSWER = Duration.ofSeconds(2);

  private static final int ROUNDS = 2;

  /// How long a turn and the answer are waited for, together.
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /// When a question is over, whatever dnsjava does.
  private static final Duration GIVEN_UP = Duration.ofSeconds(30);

  private static final int ALIASES = 8;

  private static final Duration SHORTEST = Duration.ofSeconds(5);
  private static final Duration LONGEST = Duration.ofMinutes(10);

  /// How long it is remembered that something does not exist, and that there was no answer.
  private static final Duration MISSING = Duration.ofMinutes(1);

  private static final Duration UNANSWERED = Duration.ofSeconds(10);

  /// How often the system is asked which name servers it uses: a computer changes networks.
  private static final Duration LOOK = Duration.ofSeconds(30);

  private static final int ENTRY_BYTES = 200;
  private static final int RECORD_BYTES = 400;

  private final Optional<List<InetSocketAddress>> given;
  private final Optional<HostsFileParser> hosts;
  private final RandomGenerator random;
  private final Semaphore underWay = new Semaphore(UNDER_WAY, true);
  private final Zones zones = new Zones(PER_ZONE);
  private final Cache<Question, Answer> answers;
  private final InstantSource clock;
  private final Executor readers = task -> Thread.ofVirtual().name("outbound-answer").start(task);

  /// Guarded by this.
  private @Nullable Asking asking;

  /// What is asked.
  private record Question(String name, int type) {}

  /// Whom the questions go to.
  private record Asking(
      List<InetSocketAddress> servers, LookupSession session, long lookedMillis) {}

  /// What became of a question.
  private sealed interface Answer {
    /// How long it counts.
    Duration counts();

    record Found(List<Record> records, Duration counts) implements Answer {}

    record Missing(String why) implements Answer {
      @Override
      public Duration counts() {
        return MISSING;
      }
    }

    /// @param silent whether nobody answered, rather than that they could not
    record Unanswered(String why, boolean silent) implements Answer {
      @Override
      public Duration counts() {
        return UNANSWERED;
      }
    }
  }

  private NameServers(
      Optional<List<InetSocketAddress>> given,
      Optional<HostsFileParser> hosts,
      InstantSource clock,
      RandomGenerator random) {
    this.given = given;
    this.hosts = hosts;
    this.clock = clock;
    this.random = random;
    this.answers =
        Caffeine.newBuilder()
            .maximumWeight(CACHE_BYTES)
            .weigher(NameServers::bytes)
            .expireAfter(Expiry.<Question, Answer>creating((_, answer) -> answer.counts()))
            .ticker(() -> TimeUnit.MILLISECONDS.toNanos(clock.millis()))
            .executor(Runnable::run)
            .build();
  }

  /// Those that the system uses, after its file of hosts.
  ///
  /// @param random chooses between services of one priority
  public static NameServers ofSystem(InstantSource clock, RandomGenerator random) {
    return new NameServers(Optional.empty(), Optional.of(new HostsFileParser()), clock, random);
  }

  /// Those, and no file of hosts.
  public static NameServers at(
      List<InetSocketAddress> servers, InstantSource clock, RandomGenerator random) {
    return new NameServers(Optional.of(List.copyOf(servers)), Optional.empty(), clock, random);
  }

  static NameServers at(
      List<InetSocketAddress> servers, Path hosts, InstantSource clock, RandomGenerator random) {
    return new NameServers(
        Optional.of(List.copyOf(servers)), Optional.of(new HostsFileParser(hosts)), clock, random);
  }

  /// The addresses of a name, those of IPv4 first, as the system sorts them; not empty.
  List<InetAddress> addresses(String name) throws FailureException, InterruptedException {
    List<InetAddress> local = inFileOfHosts(name);
    if (!local.isEmpty()) {
      return local;
    }
    long end = System.nanoTime() + PATIENCE.toNanos();
    CompletableFuture<Answer> four = begin(new Question(name, Type.A), end);
    CompletableFuture<Answer> six = begin(new Question(name, Type.AAAA), end);
    List<Answer> both = List.of(await(four, end), await(six, end));
    List<InetAddress> found =
        both.stream()
            .flatMap(NameServers::records)
            .map(NameServers::address)
            .flatMap(Optional::stream)
            .toList();
    if (found.isEmpty()) {
      String why =
          both.stream()
              .sorted(Comparator.comparing(each -> each instanceof Answer.Missing))
              .map(NameServers::why)
              .findFirst()
              .orElseThrow();
      throw new FailureException(new Failure.NameNotFound(name, why));
    }
    return found;
  }

  /// Who serves something, in the order of RFC 2782: by priority, and of one priority by chance, in
  /// proportion to their weights.
  Services services(String name) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    Question question = new Question(name.toLowerCase(Locale.ROOT), Type.SRV);
    Answer answer = await(begin(question, end), end);
    return switch (answer) {
      case Answer.Missing(String why) -> new Services.None(why);
      case Answer.Unanswered(String why, boolean silent) ->
          silent ? new Services.Unavailable(why) : new Services.None(why);
      case Answer.Found found -> {
        List<SRVRecord> records =
            records(found)
                .filter(SRVRecord.class::isInstance)
                .map(SRVRecord.class::cast)
                .filter(each -> !each.getTarget().equals(Name.root))
                .toList();
        yield records.isEmpty()
            ? new Services.Unavailable("the domain says that nobody serves it there")
            : new Services.Served(inOrder(records).stream().map(NameServers::endpoint).toList());
      }
    };
  }

  private List<SRVRecord> inOrder(List<SRVRecord> records) {
    List<SRVRecord> left = new ArrayList<>(records);
    left.sort(Comparator.comparingInt(SRVRecord::getPriority));
    List<SRVRecord> ordered = new ArrayList<>();
    while (!left.isEmpty()) {
      int priority = left.getFirst().getPriority();
      List<SRVRecord> same = left.stream().filter(each -> each.getPriority() == priority).toList();
      SRVRecord next = chosen(same);
      ordered.add(next);
      left.remove(next);
    }
    return ordered;
  }

  /// "a weight of 0 should have a very small chance of being selected"
  private SRVRecord chosen(List<SRVRecord> same) {
    int sum = same.stream().mapToInt(each -> each.getWeight() + 1).sum();
    int point = random.nextInt(sum);
    for (SRVRecord each : same) {
      point -= each.getWeight() + 1;
      if (point < 0) {
        return each;
      }
    }
    return same.getLast();
  }

  private static Endpoint endpoint(SRVRecord service) {
    return new Endpoint(
        service.getTarget().toString(true).toLowerCase(Locale.ROOT), service.getPort());
  }

  private List<InetAddress> inFileOfHosts(String name) {
    List<InetAddress> found = new ArrayList<>();
    if (hosts.isPresent()) {
      try {
        Name absolute = absolute(name);
        hosts.get().getAddressForHost(absolute, Type.A).ifPresent(found::add);
        hosts.get().getAddressForHost(absolute, Type.AAAA).ifPresent(found::add);
      } catch (IOException e) {
        LOG.log(Level.WARNING, "The system's file of hosts cannot be read: {0}", e.getMessage());
      }
    }
    return found;
  }

  /// Asks, unless the answer is known, as soon as there is a turn for it, if that is before the
  /// end.
  private CompletableFuture<Answer> begin(Question question, long end) throws InterruptedException {
    Answer known = answers.getIfPresent(question);
    if (known != null) {
      return CompletableFuture.completedFuture(known);
    }
    String zone = Zones.of(question.name());
    if (!zones.take(zone, end - System.nanoTime())) {
      return CompletableFuture.completedFuture(
          new Answer.Unanswered("too many names of %s are being looked up".formatted(zone), true));
    }
    boolean hasTurn = false;
    try {
      hasTurn = underWay.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS);
    } finally {
      if (!hasTurn) {
        zones.giveBack(zone);
      }
    }
    if (!hasTurn) {
      return CompletableFuture.completedFuture(
          new Answer.Unanswered("too many names are being looked up", true));
    }
    CompletableFuture<Answer> answer;
    try {
      answer =
          session()
              .lookupAsync(absolute(question.name()), question.type())
              .toCompletableFuture()
              .orTimeout(GIVEN_UP.toSeconds(), TimeUnit.SECONDS)
              .handle((result, failure) -> answer(question, result, failure));
    } catch (RuntimeException | Error e) {
      giveBack(zone);
      throw e;
    }
    // Who waits may have gone; the turn lasts as long as dnsjava is at it, or should be.
    return answer.whenComplete((_, _) -> giveBack(zone));
  }

  private void giveBack(String zone) {
    underWay.release();
    zones.giveBack(zone);
  }

  private Answer answer(
      Question question, @Nullable LookupResult result, @Nullable Throwable failure) {
    Answer answer = result == null ? failed(failure) : read(question, result);
    answers.put(question, answer);
    return answer;
  }

  private static Answer read(Question question, LookupResult result) {
    List<Record> records =
        result.getRecords().stream()
            .filter(each -> each.getType() == question.type())
            .limit(RECORDS)
            .toList();
    if (records.isEmpty()) {
      return new Answer.Missing("there is no " + Type.string(question.type()) + " record");
    }
    long seconds = records.stream().mapToLong(Record::getTTL).min().orElse(0);
    Duration counts = Duration.ofSeconds(seconds);
    if (counts.compareTo(SHORTEST) < 0) {
      counts = SHORTEST;
    }
    return new Answer.Found(records, counts.compareTo(LONGEST) > 0 ? LONGEST : counts);
  }

  private static Answer failed(@Nullable Throwable failure) {
    Throwable root = failure;
    while (root != null && root.getCause() != null && !isVerdict(root)) {
      root = root.getCause();
    }
    return switch (root) {
      case NoSuchDomainException _ -> new Answer.Missing("the name does not exist");
      case NoSuchRRSetException _ -> new Answer.Missing("there is no such record");
      case RedirectLoopException _, RedirectOverflowException _ ->
          new Answer.Missing("its aliases lead to no end");
      case SocketTimeoutException _, TimeoutException _ ->
          new Answer.Unanswered("no name server answered", true);
      case null -> throw new IllegalStateException("a lookup has a result or a failure");
      default -> new Answer.Unanswered("the name server has no answer: " + Reasons.of(root), false);
    };
  }

  private static boolean isVerdict(Throwable failure) {
    return failure instanceof NoSuchDomainException
        || failure instanceof NoSuchRRSetException
        || failure instanceof RedirectLoopException
        || failure instanceof RedirectOverflowException;
  }

  private static Answer await(CompletableFuture<Answer> answer, long end)
      throws InterruptedException {
    try {
      return answer.get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException _) {
      return new Answer.Unanswered(
          "no name server answered within %d s".formatted(PATIENCE.toSeconds()), true);
    } catch (ExecutionException e) {
      throw new IllegalStateException("reading an answer failed", e.getCause());
    }
  }

  private static Stream<Record> records(Answer answer) {
    return answer instanceof Answer.Found found ? found.records().stream() : Stream.empty();
  }

  private static String why(Answer answer) {
    return switch (answer) {
      case Answer.Found _ -> "it has no address";
      case Answer.Missing(String why) -> why;
      case Answer.Unanswered(String why, _) -> why;
    };
  }

  private static Optional<InetAddress> address(Record each) {
    return switch (each) {
      case ARecord four -> Optional.of(four.getAddress());
      case AAAARecord six -> Optional.of(six.getAddress());
      default -> Optional.empty();
    };
  }

  private static Name absolute(String name) {
    try {
      return Name.fromString(name, Name.root);
    } catch (TextParseException e) {
      throw new IllegalArgumentException("no domain name: " + name, e);
    }
  }

  private synchronized LookupSession session() {
    Asking current = asking;
    long now = clock.millis();
    if (current != null && (given.isPresent() || now - current.lookedMillis() < LOOK.toMillis())) {
      return current.session();
    }
    List<InetSocketAddress> servers = given.orElseGet(NameServers::ofSystem);
    LookupSession session =
        current != null && current.servers().equals(servers)
            ? current.session()
            : sessionWith(servers);
    asking = new Asking(servers, session, now);
    return session;
  }

  private static List<InetSocketAddress> ofSystem() {
    var _ = ResolverConfig.getCurrentConfig(); // It knows where to look from now on.
    ResolverConfig.refresh();
    return List.copyOf(ResolverConfig.getCurrentConfig().servers());
  }

  private LookupSession sessionWith(List<InetSocketAddress> servers) {
    Function<InetSocketAddress, org.xbill.DNS.Resolver> one = SimpleResolver::new;
    ExtendedResolver all = new ExtendedResolver(servers.stream().map(one).toList());
    all.setTimeout(ANSWER);
    all.setRetries(ROUNDS);
    return LookupSession.builder().resolver(all).maxRedirects(ALIASES).executor(readers).build();
  }

  private static int bytes(Question question, Answer answer) {
    return ENTRY_BYTES + question.name().length() + RECORD_BYTES * (int) records(answer).count();
  }
}
