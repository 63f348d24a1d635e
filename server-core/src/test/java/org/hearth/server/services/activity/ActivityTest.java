package org.hearth.server.services.activity;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.hearth.server.store.RowChange;
import org.hearth.server.store.StoreExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.LoggerFactory;

class ActivityTest {
  private static final Instant NOW = Instant.parse("2026-03-01T04:00:00Z");

  @RegisterExtension final StoreExtension stores = new StoreExtension();

  private static Happening happening(Kind kind, int number) {
    return new Happening(kind, "@user%d:hearth.test".formatted(number), "127.0.0.1");
  }

  private Activity activity() {
    return new Activity(stores.store(), () -> NOW, 5, 3);
  }

  private static List<String> subjects(Activity activity) {
    return activity.after(0, 100).stream().map(each -> each.happening().subject()).toList();
  }

  @Test
  void whatHappenedIsKeptInOrderOverAnEnd() throws InterruptedException {
    Activity first = activity();
    first.note(happening(Kind.ACCOUNT_MADE, 1));
    first.note(happening(Kind.SIGNED_IN, 1));
    first.stop();
    Activity second = activity();
    second.note(happening(Kind.ACCOUNT_CLOSED, 1));
    second.stop();

    List<Noted> all = second.after(0, 100);

    assertThat(all)
        .extracting(each -> each.happening().kind())
        .containsExactly(Kind.ACCOUNT_MADE, Kind.SIGNED_IN, Kind.ACCOUNT_CLOSED);
    assertThat(all).extracting(Noted::time).containsOnly(NOW);
    assertThat(second.after(all.get(1).number(), 100)).containsExactly(all.get(2));
    assertThat(second.after(0, 1)).containsExactly(all.get(2));
  }

  @Test
  void rowsAreBoundedAndGuessingPushesNothingElseOut() throws InterruptedException {
    Activity first = activity();
    IntStream.rangeClosed(1, 4).forEach(each -> first.note(happening(Kind.SIGNED_IN, each)));
    IntStream.rangeClosed(11, 30).forEach(each -> first.note(happening(Kind.SIGN_IN_FAILED, each)));
    first.stop();
    Activity second = activity();
    IntStream.rangeClosed(5, 7).forEach(each -> second.note(happening(Kind.SIGNED_IN, each)));
    second.note(happening(Kind.SIGN_IN_FAILED, 31));
    second.stop();

    assertThat(subjects(second))
        .containsExactly(
            "@user3:hearth.test",
            "@user4:hearth.test",
            "@user29:hearth.test",
            "@user30:hearth.test",
            "@user5:hearth.test",
            "@user6:hearth.test",
            "@user7:hearth.test",
            "@user31:hearth.test");
  }

  @Test
  void whatANewerVersionHasWrittenIsLeftOutAndSaidOnce() throws InterruptedException {
    Activity activity = activity();
    IntStream.rangeClosed(1, 3).forEach(each -> activity.note(happening(Kind.SIGNED_IN, each)));
    activity.stop();
    stores
        .store()
        .committer()
        .commit(
            "test",
            List.of(
                RowChange.of(
                    Activity.TABLE,
                    "UPDATE activity SET kind = 'MOON_LANDED' WHERE subject = ?",
                    (statement, _) -> statement.setString(1, "@user2:hearth.test"))),
            List.of());
    Logger log = (Logger) LoggerFactory.getLogger(Activity.class);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    log.addAppender(logged);

    assertThat(subjects(activity)).containsExactly("@user1:hearth.test", "@user3:hearth.test");
    assertThat(subjects(activity)).hasSize(2);

    log.detachAppender(logged);
    assertThat(logged.list)
        .singleElement()
        .satisfies(each -> assertThat(each.getFormattedMessage()).contains("MOON_LANDED"));
  }

  @Test
  void longNamesAreCut() throws InterruptedException {
    Activity activity = activity();
    activity.note(new Happening(Kind.BACKUP_MADE, "x".repeat(5_000), "y".repeat(5_000)));
    activity.stop();

    assertThat(subjects(activity)).singleElement().asString().hasSize(512).endsWith("…");
  }

  @Test
  void theLastOfSomeKindsIsFound() throws InterruptedException {
    Instant[] now = {NOW};
    Activity activity = new Activity(stores.store(), () -> now[0]);
    activity.note(happening(Kind.OWNER_MADE, 1));
    now[0] = NOW.plusSeconds(1);
    activity.note(happening(Kind.ACCOUNT_UNLOCKED, 1));
    now[0] = NOW.plusSeconds(2);
    activity.note(happening(Kind.SIGNED_IN, 1));
    activity.stop();

    assertThat(activity.last(Set.of(Kind.OWNER_MADE, Kind.ACCOUNT_UNLOCKED)))
        .hasValue(NOW.plusSeconds(1));
    assertThat(activity.last(Set.of(Kind.OWNER_MADE))).hasValue(NOW);
    assertThat(activity.last(Set.of(Kind.ACCOUNT_CLOSED))).isEmpty();
  }
}
