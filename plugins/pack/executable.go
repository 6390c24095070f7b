package pack

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"strings"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/plugins/manifest"
)

// checkExecutable compares the beginning of a file with the platform that the manifest says it is for. A script is right
// for every platform but Windows, which does not know the line that names its interpreter.
func checkExecutable(platform, file string, head []byte) error {
	where := manifest.Name + " executables." + platform
	os, arch, _ := strings.Cut(platform, "/")
	if bytes.HasPrefix(head, []byte("#!")) && os != "windows" {
		if line, _, _ := bytes.Cut(head, []byte("\n")); bytes.HasSuffix(line, []byte("\r")) {
			return core.Broken(where, "is the script %q, whose first line ends as on Windows, so that its interpreter is not found", file)
		}
		return nil
	}
	if platform == manifest.AnyPlatform {
		return core.Broken(where, "must be a script that begins with #! and its interpreter; %q does not", file)
	}
	built := platformsOf(head)
	if len(built) == 0 {
		return core.Broken(where, "is %q, which is no executable", file)
	}
	for _, p := range built {
		if p == platform || os == "linux" && p == "elf/"+arch {
			return nil
		}
	}
	return core.Broken(where, "is %q, which is built for %s", file, strings.ReplaceAll(strings.Join(built, ", "), "elf/", "linux/"))
}

// platformsOf says what an executable is built for, by the beginning of its file: more than one for Mach-O's that hold
// several. It is empty for what is no executable. ELF files do not reliably name their system.
func platformsOf(head []byte) []string {
	switch {
	case bytes.HasPrefix(head, []byte(elf.ELFMAG)):
		return elfPlatform(head)
	case bytes.HasPrefix(head, []byte("MZ")):
		return pePlatform(head)
	}
	return machoPlatforms(head)
}

func elfPlatform(head []byte) []string {
	if len(head) < 20 {
		return nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	if kind := elf.Type(order.Uint16(head[16:])); kind != elf.ET_EXEC && kind != elf.ET_DYN {
		return nil
	}
	arch := map[elf.Machine]string{
		elf.EM_386: "386", elf.EM_X86_64: "amd64", elf.EM_ARM: "arm", elf.EM_AARCH64: "arm64", elf.EM_LOONGARCH: "loong64",
		elf.EM_PPC64: "ppc64le", elf.EM_RISCV: "riscv64", elf.EM_S390: "s390x",
	}[elf.Machine(order.Uint16(head[18:]))]
	if arch == "" || arch == "ppc64le" && order == binary.BigEndian {
		arch = "another machine"
	}
	return []string{"elf/" + arch}
}

func pePlatform(head []byte) []string {
	if len(head) < 64 {
		return nil
	}
	at := int(binary.LittleEndian.Uint32(head[0x3c:]))
	if at < 0 || at > len(head)-6 || !bytes.Equal(head[at:at+4], []byte("PE\x00\x00")) {
		return nil
	}
	arch := map[uint16]string{
		pe.IMAGE_FILE_MACHINE_I386: "386", pe.IMAGE_FILE_MACHINE_AMD64: "amd64", pe.IMAGE_FILE_MACHINE_ARM64: "arm64",
	}[binary.LittleEndian.Uint16(head[at+4:])]
	if arch == "" {
		arch = "another machine"
	}
	return []string{"windows/" + arch}
}

func machoPlatforms(head []byte) []string {
	if len(head) < 8 {
		return nil
	}
	if binary.LittleEndian.Uint32(head) == macho.Magic64 {
		return []string{machoArch(macho.Cpu(binary.LittleEndian.Uint32(head[4:])))}
	}
	if binary.BigEndian.Uint32(head) != macho.MagicFat {
		return nil
	}
	var built []string
	for i := range min(binary.BigEndian.Uint32(head[4:]), 16) {
		if at := 8 + 20*int(i); at+4 <= len(head) {
			built = append(built, machoArch(macho.Cpu(binary.BigEndian.Uint32(head[at:]))))
		}
	}
	return built
}

func machoArch(cpu macho.Cpu) string {
	switch cpu {
	case macho.CpuAmd64:
		return "darwin/amd64"
	case macho.CpuArm64:
		return "darwin/arm64"
	}
	return "darwin/another machine"
}
