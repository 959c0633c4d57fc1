/* A plugin for Oclgrind that counts what a GPU's memory does for the accesses of a kernel, by warps of 32 work-items:
 *
 * - global memory: the sectors of 32 bytes that an access of a warp touches, and how few would hold its numbers;
 * - local memory: cycles, of which each serves one number of each of 32 banks, and how few would do. Of 16 bytes for
 *   each work-item it serves a quarter of the warp at a time, of 8 bytes half of it, twice as many where those whose
 *   numbers differ in the lowest bit, or in the second, read the same (NVIDIA's GPUs from sm_70 on).
 *
 * A work-item's n-th access by an instruction belongs together with those of its neighbors. ACCESSES names the file to
 * write: a line for each kernel and kind of access, and one for each instruction, by its line in the program. */
#include <algorithm>
#include <fstream>
#include <llvm/IR/DebugLoc.h>
#include <llvm/IR/Instruction.h>
#include <oclgrind/Context.h>
#include <oclgrind/Kernel.h>
#include <oclgrind/KernelInvocation.h>
#include <oclgrind/Memory.h>
#include <oclgrind/Plugin.h>
#include <oclgrind/WorkGroup.h>
#include <oclgrind/WorkItem.h>
#include <tuple>

using namespace oclgrind;

namespace {

enum { WARP = 32, BANKS = 32, SECTOR = 8 }; /* a sector in words of 4 bytes */

struct Access {
    const llvm::Instruction *instruction;
    size_t time, warp; /* the n-th of its work-item */
    bool operator<(const Access &o) const {
        return std::tie(instruction, time, warp) < std::tie(o.instruction, o.time, o.warp);
    }
};

struct Part { /* of a work-item */
    size_t lane, word, words;
};

struct Kind {
    std::string kernel, what;
    unsigned line;
    bool operator<(const Kind &o) const { return std::tie(kernel, what, line) < std::tie(o.kernel, o.what, o.line); }
};

struct Sum {
    size_t accesses = 0, cost = 0, least = 0;
    void add(const Sum &o) { accesses += o.accesses, cost += o.cost, least += o.least; }
};

Sum in_global(const std::vector<Part> &parts) {
    std::set<size_t> words, sectors;
    for (const Part &p : parts)
        for (size_t i = p.word; i < p.word + p.words; i++)
            words.insert(i), sectors.insert(i / SECTOR);
    return {1, sectors.size(), (words.size() + SECTOR - 1) / SECTOR};
}

/* Do the work-items whose numbers differ in this bit read the same? */
bool agree(const std::vector<Part> &parts, size_t bit) {
    std::map<size_t, size_t> at;
    for (const Part &p : parts)
        at[p.lane] = p.word;
    for (const auto &[lane, word] : at) {
        auto other = at.find(lane ^ bit);
        if (other != at.end() && other->second != word)
            return false;
    }
    return true;
}

Sum in_local(const std::vector<Part> &parts, bool store) {
    const size_t words = parts[0].words, shared = !store && words > 1 && (agree(parts, 1) || agree(parts, 2)) ? 2 : 1,
                 lanes = WARP / std::max<size_t>(words, 1) * shared;
    std::map<size_t, std::map<size_t, std::set<size_t>>> turns;
    std::set<size_t> all;
    Sum sum = {1, 0, 0};
    for (const Part &p : parts)
        for (size_t i = p.word; i < p.word + p.words; i++)
            turns[p.lane / lanes][i % BANKS].insert(i), all.insert(i);
    for (const auto &[turn, banks] : turns) {
        size_t most = 0;
        for (const auto &[bank, asked] : banks)
            most = std::max(most, asked.size());
        sum.cost += most;
    }
    /* Numbers that two work-items want could be read by neighbors. */
    const size_t taken = parts.size() * words, apart = words > 1 && 2 * all.size() <= taken ? taken / 2 : taken;
    sum.least = (std::max(all.size(), store || words == 1 ? 0 : apart) + BANKS - 1) / BANKS;
    return sum;
}

class Accesses : public Plugin {
    std::map<Access, std::vector<Part>> now; /* of a work-group */
    std::map<std::pair<const llvm::Instruction *, size_t>, size_t> times;
    std::map<const llvm::Instruction *, std::pair<bool, bool>> kinds; /* local, store */
    std::map<Kind, Sum> sums;
    std::string kernel;

    void take(const Memory *memory, const WorkItem *item, size_t address, size_t size, bool store) {
        const unsigned space = memory->getAddressSpace();
        if (space != AddrSpaceGlobal && space != AddrSpaceLocal)
            return;
        const Size3 id = item->getLocalID(), sides = item->getWorkGroup()->getGroupSize();
        const size_t number = id.x + sides.x * (id.y + sides.y * id.z);
        const llvm::Instruction *instruction = item->getCurrentInstruction();
        const size_t first = address / 4, behind = (address + size + 3) / 4;
        now[{instruction, times[{instruction, number}]++, number / WARP}].push_back(
            {number % WARP, first, behind - first});
        kinds[instruction] = {space == AddrSpaceLocal, store};
    }

    void write() const {
        std::ofstream file(getenv("ACCESSES") ? getenv("ACCESSES") : "accesses");
        for (const auto &[kind, sum] : sums)
            file << kind.kernel << '\t' << kind.what << '\t' << kind.line << '\t' << sum.accesses << '\t' << sum.cost
                 << '\t' << sum.least << '\n';
    }

  public:
    explicit Accesses(const Context *context) : Plugin(context) {}
    bool isThreadSafe() const override { return false; }
    void kernelBegin(const KernelInvocation *launch) override { kernel = launch->getKernel()->getName(); }
    void kernelEnd(const KernelInvocation *) override { write(); }
    void memoryLoad(const Memory *memory, const WorkItem *item, size_t address, size_t size) override {
        take(memory, item, address, size, false);
    }
    void memoryStore(const Memory *memory, const WorkItem *item, size_t address, size_t size,
                     const uint8_t *) override {
        take(memory, item, address, size, true);
    }
    void workGroupComplete(const WorkGroup *) override {
        for (const auto &[access, parts] : now) {
            const auto [local, store] = kinds[access.instruction];
            const Sum sum = local ? in_local(parts, store) : in_global(parts);
            const std::string what = std::string(local ? "local" : "global") + (store ? " stores" : " loads");
            const llvm::DebugLoc &at = access.instruction->getDebugLoc();
            sums[{kernel, what, 0}].add(sum);
            sums[{kernel, what, at ? at.getLine() : 1}].add(sum);
        }
        now.clear();
        times.clear();
    }
};

Accesses *plugin;

} // namespace

extern "C" void initializePlugins(Context *context) { context->registerPlugin(plugin = new Accesses(context)); }

extern "C" void releasePlugins(Context *context) {
    context->unregisterPlugin(plugin);
    delete plugin;
}
