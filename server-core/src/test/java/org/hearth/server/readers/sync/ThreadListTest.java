package org.hearth.server.readers.sync;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.hearth.server.matrix.id.EventId;
import org.junit.jupiter.api.Test;

/// The list of a room's threads.
class ThreadListTest extends Relating {
  private JsonNode threads(String user, String parameters) {
    return as(user).get(V1 + room + "/threads" + parameters).expect(200).json();
  }

  private List<String> listed(String user, String parameters) {
    return ids(threads(user, parameters).path("chunk"));
  }

  private List<String> paged(String user, String parameters) {
    List<String> seen = new ArrayList<>();
    String from = "";
    for (int pages = 0; pages < 100; pages++) {
      JsonNode page = threads(user, "?" + parameters + from);
      seen.addAll(ids(page.path("chunk")));
      if (!page.has("next_batch")) {
        return seen;
      }
      from = "&from=" + page.path("next_batch").asText();
    }
    throw new AssertionError("the pages have no end");
  }

  private EventId threadOf(String sender, String replier) {
    EventId begun = rooms.say(room, sender, "a root");
    reply(replier, begun);
    return begun;
  }

  @Test
  void theThreadWithTheLatestReplyIsFirst() {
    EventId one = threadOf("alice", "bob");
    EventId two = threadOf("bob", "carol");
    assertThat(listed("alice", "")).isEqualTo(ids(two, one));

    EventId latest = reply("bob", one);

    JsonNode first = threads("alice", "").at("/chunk/0");
    assertThat(first.path("event_id").asText()).isEqualTo(one.value());
    assertThat(first.path("room_id").asText()).isEqualTo(room.value());
    assertThat(bundle(first).at("/m.thread/latest_event/event_id").asText())
        .isEqualTo(latest.value());
    assertThat(bundle(first).at("/m.thread/count").asInt()).isEqualTo(2);
    assertThat(listed("alice", "")).isEqualTo(ids(one, two));
    rooms.redact(room, "bob", latest);
    assertThat(listed("alice", "")).isEqualTo(ids(two, one));
  }

  @Test
  void aRoomWithoutThreadsHasNone() {
    JsonNode none = threads("alice", "");

    assertThat(none.path("chunk").isArray()).isTrue();
    assertThat(none.path("chunk")).isEmpty();
    assertThat(none.has("next_batch")).isFalse();
  }

  @Test
  void pagesHaveNeitherGapsNorDoubles() {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      all.add(threadOf("alice", i % 2 == 0 ? "bob" : "carol").value());
    }

    for (int limit : new int[] {1, 7, 16, 17, 40}) {
      assertThat(paged("alice", "limit=" + limit)).isEqualTo(all.reversed());
      assertThat(paged("bob", "include=participated&limit=" + limit)).hasSize(20);
    }
    assertThat(threads("alice", "?limit=40").has("next_batch")).isFalse();
  }

  @Test
  void whoTookPartSentTheRootOrAReply() {
    EventId own = threadOf("bob", "carol");
    EventId replied = threadOf("alice", "bob");
    threadOf("alice", "carol");
    EventId before = threadOf("alice", "bob");
    EventId redacted = rooms.say(room, "alice", "a root");
    rooms.redact(room, "bob", reply("bob", redacted));
    reply("carol", redacted);

    assertThat(listed("bob", "?include=participated")).isEqualTo(ids(before, replied, own));
    assertThat(listed("bob", "?include=all")).hasSize(5);
  }

  @Test
  void theRootOfAnIgnoredUserIsToldRedacted() {
    EventId begun = threadOf("bob", "carol");
    EventId only = threadOf("carol", "bob");
    server.ignore("alice", "bob");

    JsonNode list = threads("alice", "").path("chunk");

    assertThat(ids(list)).isEqualTo(ids(begun)).doesNotContain(only.value());
    assertThat(list.at("/0/content")).isEmpty();
    assertThat(bundle(list.path(0)).has("m.thread")).isTrue();
  }

  @Test
  void whatSomebodyMayNotSeeIsNotListed() {
    rooms.set(room, "alice", "m.room.history_visibility", "", "{'history_visibility':'joined'}");
    EventId before = threadOf("alice", "bob");
    rooms.join(room, "late");
    EventId after = threadOf("alice", "bob");

    assertThat(listed("late", "")).isEqualTo(ids(after));
    assertThat(listed("alice", "")).isEqualTo(ids(after, before));
    as("stranger").get(V1 + room + "/threads").expect(403, "M_FORBIDDEN");
    rooms.leave(room, "late");
    EventId afterwards = threadOf("alice", "bob");
    assertThat(listed("late", "")).isEqualTo(ids(after)).doesNotContain(afterwards.value());
  }

  @Test
  void aThreadGoesWhenItsLastReplyIsRedacted() {
    EventId begun = rooms.say(room, "alice", "a root");
    EventId reply = reply("bob", begun);
    assertThat(listed("alice", "")).isEqualTo(ids(begun));

    rooms.redact(room, "bob", reply);

    assertThat(listed("alice", "")).isEmpty();
  }
}
