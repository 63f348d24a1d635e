package org.hearth.server.store;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.FilterReply;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.lang.Thread.State;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.hearth.server.store.StorageException.Reason;
import org.hearth.server.store.derby.Derby;
import org.hearth.server.store.derby.DerbyFault;
import org.hearth.server.store.derby.DerbyMessages;
import org.hearth.server.store.derby.PageDumps;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/// A database of which one page is not what was written.
@Tag("long")
class DamagedPageTest {
  /// Short, so that each line that Derby prints of a page has it.
  private static final String SECRET = "zqxv";

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  @BeforeEach
  void damageThePageOfARow() throws IOException {
    Rows.create(stores.store());
    byte[] content = SECRET.repeat(100).getBytes(ISO_8859_1);
    stores.store().committer().commit("test", List.of(Rows.insert("a", 0, content)), List.of());
    stores.store().close();
    DamagedPage.make(stores.folder(), SECRET.repeat(100));
    stores.reopen();
  }

  private StorageException read() {
    return catchThrowableOfType(
        StorageException.class,
        () ->
            stores
                .store()
                .reads()
                .select("SELECT content FROM test_row", row -> row.getBytes(1).length));
  }

  @Test
  void whoReadsItLearnsThatTheDatabaseIsDamagedAndNothingOfThePage() {
    AtomicReference<StoreState.Failed> told = new AtomicReference<>();
    stores.store().onFailed(told::set);

    StorageException failure = read();

    assertThat(failure.reason()).isEqualTo(Reason.FAILED);
    assertThat(failure).hasMessageContainingAll("the database is damaged", "Invalid checksum");
    StringWriter printed = new StringWriter();
    failure.printStackTrace(new PrintWriter(printed, true));
    assertThat(printed.toString())
        .contains("Invalid checksum", "Caused by", "org.apache.derby")
        .doesNotContain(SECRET, "Hex dump");
    assertThat(stores.store().state()).isEqualTo(told.get());
    assertThat(told.get().damaged()).isTrue();
    assertThat(stores.store().damage().orElseThrow().problem())
        .endsWith("is damaged.")
        .doesNotContain(SECRET, "Hex dump");
  }

  @Test
  void othersAreToldAtOnce() {
    var _ = read();

    StorageException reading =
        catchThrowableOfType(
            StorageException.class, () -> stores.store().reads().read(_ -> "a query"));
    StorageException writing =
        catchThrowableOfType(
            StorageException.class,
            () -> stores.store().committer().commit("test", List.of(), List.of()));

    assertThat(List.of(reading, writing)).allMatch(each -> each.reason() == Reason.FAILED);
    assertThat(catchThrowableOfType(StoreRefusedException.class, stores.store()::requireNotFailed))
        .hasMessageContainingAll("is damaged", "hearth restore", "hearth check --database");
  }

  /// Derby has shut the database down before whoever met the page is told why.
  @ParameterizedTest
  @ValueSource(strings = {"08003", "08006", "XJ001"})
  void whoFindsTheDatabaseGoneLeavesTheVerdictToWhoHasMetThePage(String found) throws Exception {
    Health health = new Health(new Derby(Path.of("none")));
    CompletableFuture<StorageException> told = new CompletableFuture<>();
    Thread writing =
        Thread.ofVirtual()
            .start(() ->
                told.complete(
                    health.fault(
                        DerbyFault.FAILED,
                        "writing",
                        new SQLException("There is no database.", found))));
    Eventually.until(
        "it waits or has ended",
        () -> Set.of(State.TIMED_WAITING, State.TERMINATED).contains(writing.getState()));

    var _ = health.damaged(new SQLException("Invalid checksum", "XSDG2"));

    assertThat(told.get(1, TimeUnit.MINUTES))
        .hasMessage("the database is damaged: Invalid checksum");
    assertThat(health.state()).isEqualTo(new StoreState.Failed("Invalid checksum", true));
  }

  /// Whoever has met the page may be told something else, and everybody else that too.
  @ParameterizedTest
  @ValueSource(strings = {"08003", "08006", "XJ001"})
  void whatDerbyHasReportedIsTheVerdict(String found) throws Exception {
    Health health = new Health(new Derby(Path.of("none")));
    try (Writer log = DerbyMessages.writer()) {
      log.write("ERROR XSDG2: Invalid checksum on Page Page(1,Container(0, 2)).\n");
    }

    StorageException told =
        health.fault(DerbyFault.FAILED, "writing", new SQLException("No connection.", found));

    assertThat(told)
        .hasMessage("the database is damaged: Invalid checksum on Page Page(1,Container(0, 2))");
    assertThat(new Health(new Derby(Path.of("none"))).state())
        .as("of what is opened later")
        .isEqualTo(new StoreState.Open());
  }

  /// What Java says of a defect in Derby is nothing for people, and their sentence has one full
  /// stop.
  @Test
  void aDatabaseThatHasEndedSaysSoInWords() {
    Health ended = new Health(new Derby(Path.of("none")));
    Health stumbled = new Health(new Derby(Path.of("none")));

    ended.ended(new SQLException("No current connection.", "08003"));
    stumbled.ended(
        new SQLException(
            "Java exception: 'Cannot invoke: java.lang.NullPointerException'.",
            "XJ001",
            new NullPointerException("Cannot invoke")));

    assertThat(ended.state())
        .isEqualTo(new StoreState.Failed("the database has ended: No current connection", false));
    assertThat(stumbled.state())
        .isEqualTo(new StoreState.Failed("the database has ended: Derby has met a defect", false));
  }

  @Test
  void theWriterSaysTheSame() {
    StorageException failure =
        catchThrowableOfType(
            StorageException.class,
            () -> Rows.execute(stores.store(), "UPDATE test_row SET content = X'00'"));

    assertThat(failure).hasMessageContaining("the database is damaged");
    assertThat(failure.getMessage()).doesNotContain(SECRET, "Hex dump");
    assertThat(stores.store().damage()).isPresent();
  }

  @Test
  void whoChecksTheWholeDatabaseLearnsWhichTableItIs() {
    stores.store().close();

    assertThat(Store.check(stores.options()))
        .singleElement()
        .asString()
        .startsWith("The table test_row cannot be read: Invalid checksum on Page")
        .doesNotContain(SECRET, "Hex dump", "xception");
    stores.reopen();
  }

  @Test
  void aBackupOfItFailsAndSaysSo() {
    StorageException failure =
        catchThrowableOfType(
            StorageException.class,
            () ->
                stores
                    .store()
                    .backup(
                        stores.folder().resolve("backups/one"),
                        BackupManifest.Others.NONE,
                        (_, _, _) -> {}));

    assertThat(failure).hasMessageContaining("the database is damaged");
    assertThat(failure.getMessage()).doesNotContain(SECRET, "Hex dump");
    assertThat(stores.store().damage()).isPresent();
  }

  @Test
  void anythingThatIsLoggedLosesThePageAndKeepsTheFrames() {
    String page =
        "page dump follows: Hex dump:\n00000000: 7a71 7876  zqxvzqxv\n00000010: 7a71  zqxv";
    String text = "it failed\nSQLException: Invalid checksum, " + page + "\n\tat org.example.A\n";

    assertThat(
            StorageException.withoutPages(text + "Caused by: B: " + page + "\n\tat org.example.B"))
        .isEqualTo(
            "it failed\nSQLException: Invalid checksum, page dump left out\n\tat org.example.A\n"
                + "Caused by: B: page dump left out\n\tat org.example.B");
    assertThat(PageDumps.cut("slot = 1, page dump = zqxv."))
        .isEqualTo("slot = 1, page dump left out");
  }

  /// Many threads fail at once: the file has their traces.
  @Test
  void theTerminalHasOneLineOfADamage() {
    assertThat(onTerminal(new SQLException("Invalid checksum", "XSDG2")).lines())
        .singleElement()
        .asString()
        .contains("a query failed");
    assertThat(onTerminal(new StorageException(Reason.FAILED, "reading failed")).lines())
        .as("nor of a store that cannot be used")
        .hasSize(1);
    assertThat(onTerminal(new SQLException("Syntax error", "42X01")))
        .contains("a query failed", "Syntax error", "\tat org.hearth");
  }

  /// The end of the store is told once; everybody who uses it meets the same.
  @Test
  void theTerminalHasNothingOfWhoMeetsAStoreThatHasFailed() {
    StorageException first = read();
    StorageException later =
        catchThrowableOfType(
            StorageException.class, () -> stores.store().reads().read(_ -> "a query"));

    Health health = new Health(new Derby(Path.of("none")));
    health.ended(new SQLException("No current connection.", "08003"));

    StorageException second = requireNonNull(later);
    StorageException refusal = requireNonNull(health.refusal(new SQLException("none", "08003")));

    for (StorageException each : new StorageException[] {first, second, refusal}) {
      assertThat(console().getFilterChainDecision(event(each))).isEqualTo(FilterReply.DENY);
    }
    assertThat(
            console()
                .getFilterChainDecision(event(new StorageException(Reason.BUSY, "no connection"))))
        .isEqualTo(FilterReply.NEUTRAL);
  }

  private static String onTerminal(Throwable failure) {
    return new String(console().getEncoder().encode(event(failure)), UTF_8);
  }

  private static ConsoleAppender<ILoggingEvent> console() {
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    return (ConsoleAppender<ILoggingEvent>) root.getAppender("console");
  }

  private static LoggingEvent event(Throwable failure) {
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    return new LoggingEvent("here", root, Level.ERROR, "a query failed", failure, null);
  }

  @Test
  void aFailureOfDerbyWithoutWordsIsDamageWhileADatabaseIsOpened() {
    RuntimeException failure =
        new StorageException(
            Reason.FAILED, "reading failed", new SQLException("Java exception", "XJ001", 0));

    assertThat(DerbyFault.isDamage(failure)).isFalse();
    assertThat(Store.refusal(stores.folder(), failure))
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageContainingAll("is damaged", "restore the newest backup");
    RuntimeException full =
        new StorageException(
            Reason.FAILED, "reading failed", new SQLException("No space left on device", "XSDG0"));
    assertThat(Store.refusal(stores.folder(), full)).isSameAs(full);
  }
}
