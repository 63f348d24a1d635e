package org.hearth.server.readers.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.server.readers.search.Searching.edit;
import static org.hearth.server.readers.search.Searching.found;
import static org.hearth.server.readers.search.Searching.open;
import static org.hearth.server.readers.search.Searching.redact;
import static org.hearth.server.readers.search.Searching.say;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.hearth.server.SavedData;
import org.hearth.server.WholeServer;
import org.hearth.server.admin.Admin;
import org.hearth.server.admin.BackupMaker;
import org.hearth.server.admin.BackupStatus.State;
import org.hearth.server.configuration.DataFolder;
import org.hearth.server.http.TestClient;
import org.hearth.server.store.Eventually;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The search index over starts and ends of the server: it is what the log says, whatever became of
/// its folder.
@Tag("long")
class SearchIndexTest {
  @TempDir private Path parent;
  private Path folder;
  private Path search;
  private String token = "";
  private String room = "";

  @BeforeEach
  void name() {
    folder = parent.resolve("served");
    search = folder.resolve("search");
  }

  /// What is done with a server that runs.
  @FunctionalInterface
  private interface Deed {
    void with(WholeServer server, TestClient alice) throws Exception;
  }

  private void run(Path where, Deed deed) throws Exception {
    try (WholeServer server = new WholeServer(where)) {
      server.start();
      if (token.isEmpty()) {
        token = server.newAccount("alice").text("access_token");
        room = open(server.client().as(token));
      }
      deed.with(server, server.client().as(token));
    }
  }

  private void run(Deed deed) throws Exception {
    run(folder, deed);
  }

  private static void awaitWhole(Admin admin) {
    while (!admin.searchProgress().isWhole()) {
      Thread.onSpinWait();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path each : files.toList()) {
        Files.copy(each, to.resolve(each.getFileName()));
      }
    }
  }

  private static void remove(Path of) throws IOException {
    try (Stream<Path> files = Files.list(of)) {
      for (Path each : files.toList()) {
        Files.delete(each);
      }
    }
    Files.delete(of);
  }

  /// The largest file, which has the words.
  private static Path largest(Path of) throws IOException {
    try (Stream<Path> files = Files.list(of)) {
      return files
          .filter(each -> !String.valueOf(each.getFileName()).startsWith("segments"))
          .max((one, other) -> Long.compare(one.toFile().length(), other.toFile().length()))
          .orElseThrow();
    }
  }

  @Test
  void goesOnWhereItWas() throws Exception {
    run((_, alice) -> say(alice, room, "tulip first"));
    run((_, alice) -> say(alice, room, "tulip second"));

    run((server, alice) -> {
      awaitWhole(server.homeserver().admin().orElseThrow());
      assertThat(found(alice, "tulip")).hasSize(2);
    });
  }

  /// As after a `kill -9`: the index is what was committed a while ago.
  @Test
  void findsInTheLogWhatWasNotCommitted() throws Exception {
    Path early = parent.resolve("early");
    String[] events = new String[3];
    run((_, alice) -> {
      events[0] = say(alice, room, "rose kept");
      events[1] = say(alice, room, "rose redacted");
      events[2] = say(alice, room, "rose edited");
    });
    copy(search, early);
    run((_, alice) -> {
      redact(alice, room, events[1]);
      edit(alice, room, events[2], "lily");
      say(alice, room, "rose late");
    });
    remove(search);
    copy(early, search);

    run((server, alice) -> {
      awaitWhole(server.homeserver().admin().orElseThrow());
      assertThat(found(alice, "rose")).hasSize(2).contains(events[0]);
      assertThat(found(alice, "lily")).containsExactly(events[2]);
    });
  }

  @Test
  void isMadeAnewWhereItIsMissingOrDamaged() throws Exception {
    run((_, alice) -> say(alice, room, "daisy"));
    remove(search);
    run(SearchIndexTest::findsTheDaisy);

    Path words = largest(search);
    Files.write(words, new byte[] {1, 2, 3});
    run(SearchIndexTest::findsTheDaisy);

    try (Stream<Path> files = Files.list(search)) {
      for (Path each : files.filter(file -> file.toString().contains("segments")).toList()) {
        Files.write(each, new byte[] {0});
      }
    }
    Path letter = Files.writeString(search.resolve("letter.txt"), "not Lucene's");
    run(SearchIndexTest::findsTheDaisy);
    assertThat(letter).hasContent("not Lucene's");
  }

  private static void findsTheDaisy(WholeServer server, TestClient alice) {
    awaitWhole(server.homeserver().admin().orElseThrow());
    assertThat(found(alice, "daisy")).hasSize(1);
  }

  /// Lucene ends by itself when it finds that its lock is gone, as it does when the disk fails.
  @Test
  void goesOnAfterLuceneHasEndedByItself() throws Exception {
    run((server, alice) -> {
      String before = say(alice, room, "peony before");
      assertThat(found(alice, "peony")).containsExactly(before);
      Files.delete(search.resolve("write.lock"));

      String after = say(alice, room, "peony after");
      Searching.post(alice, Searching.looking("peony"), "");
      say(alice, room, "something else");

      Eventually.until("all is found again", () -> found(alice, "peony").size() == 2);
      assertThat(found(alice, "peony")).containsExactlyInAnyOrder(before, after);
    });
  }

  @Test
  void isMadeAnewOnDemand() throws Exception {
    run((server, alice) -> {
      Admin admin = server.homeserver().admin().orElseThrow();
      String kept = say(alice, room, "orchid");
      String edited = say(alice, room, "orchid to be edited");
      edit(alice, room, edited, "violet");
      redact(alice, room, say(alice, room, "orchid redacted"));
      assertThat(found(alice, "orchid")).containsExactly(kept);

      for (int i = 0; i < 3; i++) {
        admin.rebuildSearch();
      }
      awaitWhole(admin);

      assertThat(found(alice, "orchid")).containsExactly(kept);
      assertThat(found(alice, "violet")).containsExactly(edited);
      say(alice, room, "orchid again");
      assertThat(found(alice, "orchid")).hasSize(2);
    });
  }

  /// An index that has what the database has lost would find events that are others' now.
  @Test
  void isMadeAnewForADatabaseThatHasGoneBack() throws Exception {
    Path shelf = parent.resolve("shelf");
    Path restored = parent.resolve("restored");
    run((server, alice) -> {
      say(alice, room, "poppy kept");
      backUp(server.homeserver().backups().orElseThrow(), shelf);
      say(alice, room, "poppy lost");
      assertThat(found(alice, "poppy")).hasSize(2);
    });
    Path backup;
    try (Stream<Path> all = Files.list(shelf)) {
      backup = all.findAny().orElseThrow();
    }
    SavedData.restore(backup, new DataFolder(restored));
    assertThat(restored.resolve("search")).doesNotExist();
    copy(search, restored.resolve("search"));

    run(
        restored,
        (server, alice) -> {
          String after = say(alice, room, "poppy after");
          awaitWhole(server.homeserver().admin().orElseThrow());
          assertThat(found(alice, "poppy")).hasSize(2).contains(after);
          assertThat(found(alice, "lost")).isEmpty();
        });
  }

  private static void backUp(BackupMaker backups, Path shelf) {
    backups.begin(Optional.of(shelf));
    while (backups.status().state() == State.RUNNING) {
      Thread.onSpinWait();
    }
    assertThat(backups.status().state()).isEqualTo(State.DONE);
  }

  @Test
  void keepsNoTextThatCouldBeRead() throws Exception {
    run((_, alice) -> say(alice, room, "Chrysanthemum Hydrangea in THIS order"));

    try (Stream<Path> files = Files.list(search)) {
      List<Path> all = files.toList();
      assertThat(all).isNotEmpty();
      for (Path each : all) {
        assertThat(new String(Files.readAllBytes(each), StandardCharsets.ISO_8859_1))
            .doesNotContain("Chrysanthemum")
            .doesNotContain("in THIS order");
      }
    }
  }
}
