package org.hearth.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.hearth.server.admin.ActivityEntry;
import org.hearth.server.control.ControlPort;
import org.hearth.server.control.ControlRequest;
import org.hearth.server.http.TestClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/// The end of a thread that must live, as the owner of the server is told of it.
@Tag("long")
class FailedThreadTest {
  @TempDir Path folder;

  private volatile boolean broken;

  @Test
  void theDeathOfAConsumersThreadIsAFailedStateWithReasonAndRemedy() throws Exception {
    try (WholeServer server = new WholeServer(folder, this::now)) {
      CompletableFuture<ServerState.Failed> told = server.failure();
      server.start();

      type(server.register("alice"));

      ServerState.Failed failed = told.get(1, TimeUnit.MINUTES);
      assertThat(failed.reason()).contains("typing-input", "as if");
      assertThat(failed.remedy()).contains("Restart");
      JsonNode status = status(server);
      assertThat(status.path("state").asText()).isEqualTo("failed");
      assertThat(status.path("failure").asText()).contains(failed.reason(), failed.remedy());
      // What would have to be read from the database is not asked for: that may be what has failed.
      assertThat(status.has("people")).isFalse();

      broken = false;
      List<JsonNode> whileItStops = new ArrayList<>();
      server
          .homeserver()
          .onState(state -> {
            if (state instanceof ServerState.Stopping && whileItStops.isEmpty()) {
              whileItStops.add(status(server));
            }
          });
      server.homeserver().stop(Duration.ZERO);
      assertThat(server.homeserver().state()).isInstanceOf(ServerState.Stopped.class);
      assertThat(whileItStops)
          .singleElement()
          .satisfies(
              stopping -> assertThat(stopping.path("failure").asText()).contains(failed.reason()));
      server.start();
      assertThat(server.homeserver().state()).isInstanceOf(ServerState.Running.class);
      assertThat(server.homeserver().warnings())
          .anySatisfy(
              sentence -> assertThat(sentence).contains("was started again", failed.reason()));

      server.homeserver().stop(Duration.ZERO);
      server.start();
      assertThat(server.homeserver().warnings()).noneMatch(each -> each.contains("again"));
      assertThat(server.homeserver().admin().orElseThrow().activity(0, 100))
          .filteredOn(ActivityEntry::trouble)
          .singleElement()
          .satisfies(entry -> assertThat(entry.text()).contains(failed.reason()));
    }
  }

  private static JsonNode status(WholeServer server) {
    try {
      return ControlPort.ask(
              server.homeserver().folder(), new ControlRequest(ControlRequest.STATUS, Map.of()))
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A log that fails, as when there is no memory for a line of it.
  private static final class BrokenLog extends AppenderBase<ILoggingEvent> {
    @Override
    protected void append(ILoggingEvent event) {
      if (event.getLevel() == Level.ERROR) {
        throw new OutOfMemoryError("as if");
      }
    }
  }

  @Test
  void theFailedStateIsToldAlsoWhenItCannotBeLogged() throws Exception {
    Logger log = (Logger) LoggerFactory.getLogger(LogRouting.TOLD);
    BrokenLog brokenLog = new BrokenLog();
    brokenLog.start();
    try (WholeServer server = new WholeServer(folder, this::now)) {
      CompletableFuture<ServerState.Failed> told = server.failure();
      server.start();
      log.addAppender(brokenLog);

      type(server.register("alice"));

      assertThat(told.get(1, TimeUnit.MINUTES).reason()).contains("typing-input", "as if");
    } finally {
      log.detachAppender(brokenLog);
    }
  }

  /// Has the thread that handles typing end.
  private void type(TestClient alice) {
    String room = alice.post("/_matrix/client/v3/createRoom", "{}").expect(200).text("room_id");
    broken = true;
    var _ =
        alice.put(
            "/_matrix/client/v3/rooms/%s/typing/@alice:hearth.test".formatted(room),
            "{'typing':true, 'timeout': 30000}");
  }

  /// The time; an error that no handler survives, in the thread that handles typing.
  private Instant now() {
    if (broken && Thread.currentThread().getName().startsWith("typing-input")) {
      throw new InternalError("as if the virtual machine were broken");
    }
    return Instant.now();
  }
}
