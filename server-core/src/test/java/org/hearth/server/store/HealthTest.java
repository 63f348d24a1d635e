package org.hearth.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.hearth.server.store.derby.Derby;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class HealthTest {
  private final SQLException damage = new SQLException("Invalid checksum", "XSDG2");
  private static final StoreState.Failed FAILED = new StoreState.Failed("Invalid checksum", true);

  private final Logger log = (Logger) LoggerFactory.getLogger(Store.class);
  private final List<ILoggingEvent> logged = new ArrayList<>();
  private final List<StoreState.Failed> told = new ArrayList<>();
  private final Health health = new Health(new Derby(Path.of("none")));
  private Consumer<ILoggingEvent> logging = logged::add;

  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          logging.accept(event);
        }
      };

  HealthTest() {
    appender.start();
    log.addAppender(appender);
  }

  @AfterEach
  void end() {
    log.detachAppender(appender);
  }

  @Test
  void damageIsLoggedOnceWithItsTraceBeforeItIsTold() {
    health.onFailed(failed -> {
      assertThat(logged).hasSize(1);
      told.add(failed);
    });

    for (int i = 0; i < 2; i++) {
      assertThat(health.damaged(damage)).hasMessage("the database is damaged: Invalid checksum");
    }

    assertThat(told).containsExactly(FAILED);
    assertThat(logged)
        .singleElement()
        .satisfies(event -> {
          assertThat(event.getLevel()).isEqualTo(Level.ERROR);
          assertThat(event.getFormattedMessage())
              .isEqualTo("the database is damaged: Invalid checksum");
          assertThat(event.getThrowableProxy().getMessage()).isEqualTo("Invalid checksum");
        });
  }

  @Test
  void whoBeginsToListenWhileTheStoreFailsIsToldOnce() {
    logging = _ -> health.onFailed(told::add);

    var _ = health.damaged(damage);

    assertThat(told).containsExactly(FAILED);
  }

  @Test
  void whoListensLateIsTold() {
    var _ = health.damaged(damage);

    health.onFailed(told::add);

    assertThat(told).containsExactly(FAILED);
  }

  @Test
  void theEndIsToldAlsoWhenItCannotBeLogged() {
    health.onFailed(told::add);
    logging =
        _ -> {
          throw new OutOfMemoryError("as if");
        };

    assertThatThrownBy(() -> health.damaged(damage)).isInstanceOf(OutOfMemoryError.class);

    assertThat(told).containsExactly(FAILED);
  }
}
