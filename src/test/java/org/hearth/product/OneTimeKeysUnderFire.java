package org.hearth.product;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hearth.product.MatrixHttp.object;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/// One-time keys, which all upload and claim of each other: none is given twice, and none that was
/// acknowledged is missing, but for one for each claim whose answer was lost.
final class OneTimeKeysUnderFire implements UnderFire {
  private static final String ALGORITHM = "signed_curve25519";
  private static final int AT_ONCE = 5;

  private final List<Person> people;
  private final List<Ledger> ledgers = new ArrayList<>();
  private final Queue<String> twice = new ConcurrentLinkedQueue<>();

  /// The keys of one device, by their names.
  ///
  /// @param unanswered claims that have begun and have no answer
  private record Ledger(
      Set<String> sent, Set<String> acknowledged, Set<String> claimed, AtomicInteger unanswered) {
    Ledger() {
      this(
          ConcurrentHashMap.newKeySet(),
          ConcurrentHashMap.newKeySet(),
          ConcurrentHashMap.newKeySet(),
          new AtomicInteger());
    }
  }

  OneTimeKeysUnderFire(List<Person> people) {
    this.people = people;
    people.forEach(_ -> ledgers.add(new Ledger()));
  }

  @Override
  public void act(int client, String name, SplittableRandom random) {
    if (random.nextInt(4) == 0) {
      upload(client, name);
    } else {
      var _ = claim(client, random.nextInt(people.size()));
    }
  }

  private void upload(int client, String name) {
    ObjectNode body = object();
    ObjectNode keys = body.putObject("one_time_keys");
    List<String> names = new ArrayList<>();
    for (int i = 0; i < AT_ONCE; i++) {
      String key = ALGORITHM + ":" + name + "-" + i;
      names.add(key);
      keys.putObject(key).put("key", name + "-" + i).putObject("signatures");
    }
    Ledger ledger = ledgers.get(client);
    ledger.sent().addAll(names);
    people.get(client).http().post("/keys/upload", body).granted();
    ledger.acknowledged().addAll(names);
  }

  /// @return whether there was one
  private boolean claim(int client, int of) {
    Person owner = people.get(of);
    Ledger ledger = ledgers.get(of);
    ObjectNode body = object();
    body.putObject("one_time_keys").putObject(owner.user()).put(owner.device(), ALGORITHM);
    ledger.unanswered().incrementAndGet();
    JsonNode answer = people.get(client).http().post("/keys/claim", body).granted();
    JsonNode key = answer.path("one_time_keys").path(owner.user()).path(owner.device());
    Optional<String> name = key.properties().stream().map(each -> each.getKey()).findAny();
    name.filter(each -> !ledger.claimed().add(each)).ifPresent(twice::add);
    ledger.unanswered().decrementAndGet();
    return name.isPresent();
  }

  /// Claims all that is left.
  @Override
  public void check(String context) {
    for (int i = 0; i < people.size(); i++) {
      while (claim((i + 1) % people.size(), i)) {
        // There may be more.
      }
      Ledger ledger = ledgers.get(i);
      assertThat(ledger.sent()).as(context).containsAll(ledger.claimed());
      Set<String> gone = ConcurrentHashMap.newKeySet();
      gone.addAll(ledger.acknowledged());
      gone.removeAll(ledger.claimed());
      assertThat(gone).as(context).hasSizeLessThanOrEqualTo(ledger.unanswered().get());
    }
    assertThat(twice).as(context).isEmpty();
  }
}
